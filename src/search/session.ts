import type { PoolClient } from 'pg'
import { inTransaction, type Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** Timeout of one search statement, in ms. */
const STATEMENT_MAX_MS = 5000

/**
 * Runs searches on a connection whose planner is forced to use the indexes: it estimates an overlap of long lists to be as cheap as
 * comparing two numbers, and would therefore scan all of a small catalogue.
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
