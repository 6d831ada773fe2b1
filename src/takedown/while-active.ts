import type { PoolClient } from 'pg'
import { inTransaction, type Pg } from '../db/database.ts'
import { execute, query } from '../db/query.ts'

/** Runs the work in a transaction that locks the take-down's receipt; null, without running it, if the take-down was restored. */
export async function whileActive<T>(
  pg: Pg,
  takeDownId: number,
  work: (client: PoolClient) => Promise<T>,
): Promise<T | null> {
  return await inTransaction(pg, async (client) => {
    const active = query.selectFrom('take_down').where('id', '=', takeDownId).where('restored_at', 'is', null)
    return (await execute(client, active.forUpdate())) === 0 ? null : await work(client)
  })
}
