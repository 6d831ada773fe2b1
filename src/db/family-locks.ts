import type { Pg } from './database.ts'

/** First key of the advisory locks on families that are being changed; the second is a hash of the unique id. */
const INGEST_LOCKS = 5

/**
 * Locks families across all processes against others who change them by an upload: all of them, or none and null.
 * Session locks on one connection: they vanish with the process that held them.
 */
export async function lockFamilies(
  pg: Pg,
  uniqueIds: readonly string[],
): Promise<{ release: () => Promise<void> } | null> {
  const client = await pg.connect()
  const unlock = async () => {
    try {
      await client.query('select pg_advisory_unlock_all()')
      client.release()
    } catch (error) {
      // Closing the connection frees the locks as well.
      client.release(error instanceof Error ? error : true)
    }
  }
  try {
    const { rows } = await client.query<{ all: boolean }>(
      `select coalesce(bool_and(pg_try_advisory_lock($1, hashtext(id))), true) as all from unnest($2::text[]) as id`,
      [INGEST_LOCKS, uniqueIds],
    )
    if (rows[0]?.all) return { release: unlock }
  } catch (error) {
    client.release(error instanceof Error ? error : true)
    throw error
  }
  await unlock()
  return null
}
