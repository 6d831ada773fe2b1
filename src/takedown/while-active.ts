import type { PoolClient } from 'pg'
import { inTransaction, type Pg } from '../db/database.ts'

/** Runs the work in one transaction that locks the take-down's receipt; null, without running it, when the take-down was restored. */
export async function whileActive<T>(
  pg: Pg,
  takeDownId: number,
  work: (client: PoolClient) => Promise<T>,
): Promise<T | null> {
  return await inTransaction(pg, async (client) => {
    const { rowCount } = await client.query('select from take_down where id = $1 and restored_at is null for update', [
      takeDownId,
    ])
    return rowCount === 0 ? null : await work(client)
  })
}
