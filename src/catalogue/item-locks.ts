import type { Pg } from './database.ts'

/** First key of the advisory locks on items; the second is the item's id. */
const ITEM_LOCKS = 1

export interface ItemLocks {
  /** The ids that nobody else held. */
  readonly held: readonly number[]
  readonly release: () => Promise<void>
}

/**
 * Locks items across all processes, as many of them as are free: who holds an item's lock may render it.
 * Session locks on one connection: they vanish with the process that held them, and hold no transaction open.
 */
export async function lockItems(pg: Pg, itemIds: readonly number[]): Promise<ItemLocks> {
  const client = await pg.connect()
  try {
    const { rows } = await client.query<{ id: number; held: boolean }>({
      name: 'lock-items',
      text: 'select id, pg_try_advisory_lock($1, id) as held from unnest($2::int[]) as id',
      values: [ITEM_LOCKS, itemIds],
    })
    const held = rows.filter((row) => row.held).map((row) => row.id)
    const release = async () => {
      try {
        if (held.length > 0) {
          await client.query({
            name: 'unlock-items',
            text: 'select pg_advisory_unlock($1, id) from unnest($2::int[]) as id',
            values: [ITEM_LOCKS, held],
          })
        }
        client.release()
      } catch (error) {
        // Closing the connection frees the locks as well.
        client.release(error instanceof Error ? error : true)
      }
    }
    return { held, release }
  } catch (error) {
    client.release(error instanceof Error ? error : true)
    throw error
  }
}
