import type { PoolClient } from 'pg'
import { inTransaction, type Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** The longest that one statement of a search may take. */
const STATEMENT_MAX_MS = 5000

/**
 * Runs searches on a connection whose planner uses the indexes: it takes an overlap of long lists for as cheap as a comparison of two
 * numbers, and would read all of a small catalogue for it.
 */
export const inSearch = <T>(pg: Pg, work: (client: PoolClient) => Promise<T>): Promise<T> =>
  inTransaction(pg, async (client) => {
    await SET.run(client, { limit: `${STATEMENT_MAX_MS}ms` })
    return await work(client)
  })

const SET = statement({
  name: 'set-search-planner',
  isPrepared: true,
  text: `
    select set_config('enable_seqscan', 'off', true) as scan, set_config('jit', 'off', true) as jit,
           set_config('statement_timeout', :limit, true) as limit`,
  parameters: { limit: 'text' },
  columns: { scan: 'text', jit: 'text', limit: 'text' },
})
