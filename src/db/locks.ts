import { setTimeout as delay } from 'node:timers/promises'
import type { Pg } from './database.ts'

/** First keys of the advisory locks on items and on families' composites; the second is the id. 2 is the outbox's. */
const ITEM_LOCKS = 1
const COMPOSITE_LOCKS = 3

export interface Locks {
  /** The ids that nobody else held. */
  readonly held: readonly number[]
  readonly release: () => Promise<void>
}

/**
 * Locks items across all processes, as many of them as are free: who holds an item's lock may render it.
 * Session locks on one connection: they vanish with the process that held them, and hold no transaction open.
 */
export const lockItems = (pg: Pg, itemIds: readonly number[]): Promise<Locks> => lock(pg, ITEM_LOCKS, itemIds)

/** The same of families: who holds a family's lock may make or delete its composites. */
export const lockComposites = (pg: Pg, familyIds: readonly number[]): Promise<Locks> =>
  lock(pg, COMPOSITE_LOCKS, familyIds)

const POLL_EVERY_MS = 25

/**
 * Waits until each of the items was free for a moment: whoever held one has recorded its pictures by then. False: `signal`
 * aborted it.
 */
export async function waitForItems(pg: Pg, itemIds: readonly number[], signal: AbortSignal): Promise<boolean> {
  for (let waiting = itemIds; waiting.length > 0; ) {
    if (signal.aborted) return false
    const { held, release } = await lockItems(pg, waiting)
    await release()
    waiting = waiting.filter((id) => !held.includes(id))
    if (waiting.length > 0) await delay(POLL_EVERY_MS)
  }
  return true
}

async function lock(pg: Pg, kind: number, ids: readonly number[]): Promise<Locks> {
  const client = await pg.connect()
  try {
    const { rows } = await client.query<{ id: number; held: boolean }>({
      name: 'lock-items',
      text: 'select id, pg_try_advisory_lock($1, id) as held from unnest($2::int[]) as id',
      values: [kind, ids],
    })
    const held = rows.filter((row) => row.held).map((row) => row.id)
    const release = async () => {
      try {
        if (held.length > 0) {
          await client.query({
            name: 'unlock-items',
            text: 'select pg_advisory_unlock($1, id) from unnest($2::int[]) as id',
            values: [kind, held],
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
