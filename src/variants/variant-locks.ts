import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Pg } from '../db/database.ts'
import { type LockSession, openLockSession } from '../db/lock-session.ts'
import { ITEM_LOCKS } from '../db/locks.ts'
import { statement } from '../db/statement.ts'
import { type Located, locateVariants } from './locate.ts'

/** The right to make a variant, until it is disposed of. */
export interface VariantLock extends Disposable {
  /** False: another process has the item, or another request of this one the same variant. */
  readonly isHeld: boolean
  /** The variant, looked up after the lock was acquired or refused. Null: there is no such item. */
  readonly located: Located | null
}

interface Request {
  readonly wanted: Located
  readonly resolve: (lock: VariantLock) => void
  readonly reject: (error: unknown) => void
}

/**
 * Locks items across all processes (locks.ts) for the requests of this one, and looks their variants up again under the lock. Requests and
 * releases of the same moment share two statements on one connection, which is kept while anything is locked: with a connection and three
 * statements each, a page of 200 new pictures spent more on locks than on everything else that Postgres did for it. The variants of an
 * item share its lock. If the connection breaks, its locks are released, as those of any session.
 */
export function openVariantLocks(pg: Pg): (wanted: Located) => Promise<VariantLock> {
  const queue: Request[] = []
  /** The variants that are being made of each locked item. */
  const held = new Map<number, Set<string>>()
  const released: number[] = []
  let running = false
  let wake = () => {}

  async function run(): Promise<void> {
    running = true
    try {
      await using session = await openLockSession(pg)
      session.onBroken(() => wake())
      for (let isKept = false; held.size > 0 || queue.length + released.length > 0; isKept = true) {
        if (queue.length + released.length === 0) await new Promise<void>((resolve) => (wake = resolve))
        else await nextTurn()
        if (session.isBroken || !(await serve(session, isKept))) break
      }
    } catch (error) {
      for (const { reject } of queue.splice(0)) reject(error)
    } finally {
      running = false
      if (queue.length > 0) void run()
    }
  }

  /** Returns false if the connection is of no more use. One that was kept may have broken unnoticed: its requests are served on a new one. */
  async function serve({ client, discard }: LockSession, isKept: boolean): Promise<boolean> {
    const requests = queue.splice(0)
    try {
      const ids = [...new Set(requests.map(({ wanted }) => wanted.itemId).filter((id) => !held.has(id)))]
      const rows = await SWAP_LOCKS.all(client, { space: ITEM_LOCKS, released: released.splice(0), ids })
      for (const { id, held: isHeld, is_new: isNew } of rows) if (isNew && isHeld) held.set(id, new Set())
      const wanted = requests.map((request) => request.wanted)
      const located = wanted.length > 0 ? await locateVariants(client, wanted) : []
      for (const [index, request] of requests.entries()) request.resolve(lockOf(request.wanted, located[index] ?? null))
      return true
    } catch (error) {
      discard()
      if (isKept) queue.unshift(...requests)
      else for (const { reject } of requests) reject(error)
      return false
    }
  }

  function lockOf({ itemId, recipe, format }: Located, located: Located | null): VariantLock {
    const variant = `${recipe.name}.${format}`
    const variants = held.get(itemId)
    if (!variants || variants.has(variant)) return { isHeld: false, located, [Symbol.dispose]: () => {} }
    variants.add(variant)
    return {
      isHeld: true,
      located,
      [Symbol.dispose]() {
        variants.delete(variant)
        if (variants.size > 0) return
        held.delete(itemId)
        released.push(itemId)
        start()
      },
    }
  }

  function start(): void {
    if (running) wake()
    else void run()
  }

  return (wanted) =>
    new Promise((resolve, reject) => {
      queue.push({ wanted, resolve, reject })
      start()
    })
}

/** Releases the locks of some items, and then locks those of others that are free. */
const SWAP_LOCKS = statement({
  name: 'swap-item-locks',
  isPrepared: true,
  text: `
    select id, pg_advisory_unlock(:space, id) as held, false as is_new from unnest(:released::int[]) as id
    union all
    select id, pg_try_advisory_lock(:space, id) as held, true as is_new from unnest(:ids::int[]) as id`,
  parameters: { space: 'int4', released: 'int4[]', ids: 'int4[]' },
  columns: { id: 'int4', held: 'bool', is_new: 'bool' },
})
