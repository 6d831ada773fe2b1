import { setTimeout as delay } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { acquire, type Pg } from './database.ts'
import { unavailable } from './errors.ts'
import { lockHolders } from './pool.ts'
import { statement } from './statement.ts'

/**
 * Every advisory lock of the service. Postgres has two separate spaces: locks of one 64-bit key, and of two 32-bit keys.
 * https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS
 */

/** One key. Processes that start together queue up behind it. */
export const MIGRATION_LOCK = 724_011
/** One key. One process counts at a time, since it adds differences to the sums. */
export const COVERAGE_LOCK = 724_012

/** Two keys: these are the first ones. */
const ITEM_LOCKS = 1
/** The second key is the hash of the family's unique id: see webhooks/outbox.ts, which takes it until the commit. */
export const OUTBOX_LOCKS = 2
const COMPOSITE_LOCKS = 3
const INGEST_LOCKS = 5

/**
 * Session locks on one connection: they vanish with the process that held them, and hold no transaction open. Take them with
 * `await using`, or with `using`, which does not wait for the release: the end of the scope releases them, whatever happens.
 */
export interface Locks<Id = number> extends AsyncDisposable, Disposable {
  /** The ids that nobody else held. */
  readonly held: readonly Id[]
  /** Before the scope ends. Never fails: if the statement does, the connection is closed, which frees the locks as well. */
  readonly release: () => Promise<void>
}

/** Locks items across all processes, as many of them as are free: who holds an item's lock may render it. */
export const lockItems = (pg: Pg, itemIds: readonly number[]): Promise<Locks> =>
  lock(pg, itemIds, (client) => TRY_IDS.all(client, { space: ITEM_LOCKS, ids: itemIds }))

/** The same of families: who holds a family's lock may make or delete its composites. */
export const lockComposites = (pg: Pg, familyIds: readonly number[]): Promise<Locks> =>
  lock(pg, familyIds, (client) => TRY_IDS.all(client, { space: COMPOSITE_LOCKS, ids: familyIds }))

/** Locks families against others who change them by an upload: all of them, or none and null. */
export async function lockFamilies(pg: Pg, uniqueIds: readonly string[]): Promise<Locks<string> | null> {
  const tryLock = (client: PoolClient) => TRY_UNIQUE_IDS.all(client, { space: INGEST_LOCKS, ids: uniqueIds })
  const locks = await lock(pg, uniqueIds, tryLock)
  if (locks.held.length === uniqueIds.length) return locks
  await locks.release()
  return null
}

const POLL_EVERY_MS = 25

/**
 * Waits until each of the items was free for a moment: whoever held one has recorded its pictures by then. False: `signal`
 * aborted it.
 */
export async function waitForItems(pg: Pg, itemIds: readonly number[], signal: AbortSignal): Promise<boolean> {
  for (let waiting = itemIds; waiting.length > 0; ) {
    if (signal.aborted) return false
    await using locks = await lockItems(pg, waiting)
    await locks.release()
    waiting = waiting.filter((id) => !locks.held.includes(id))
    if (waiting.length > 0) await delay(POLL_EVERY_MS)
  }
  return true
}

const TRY_IDS = statement({
  name: 'lock-ids',
  isPrepared: true,
  text: 'select id, pg_try_advisory_lock(:space, id) as held from unnest(:ids::int[]) as id',
  parameters: { space: 'int4', ids: 'int4[]' },
  columns: { id: 'int4', held: 'bool' },
})

const TRY_UNIQUE_IDS = statement({
  name: 'lock-unique-ids',
  text: 'select id, pg_try_advisory_lock(:space, hashtext(id)) as held from unnest(:ids::text[]) as id',
  parameters: { space: 'int4', ids: 'text[]' },
  columns: { id: 'text', held: 'bool' },
})

const UNLOCK = statement({
  name: 'unlock-all',
  isPrepared: true,
  text: 'select pg_advisory_unlock_all()',
  columns: { pg_advisory_unlock_all: 'void' },
})

/** @param tryLock says of each id whether it is locked now, or was by somebody else */
async function lock<Id>(
  pg: Pg,
  ids: readonly Id[],
  tryLock: (client: PoolClient) => Promise<readonly { id: Id; held: boolean }[]>,
): Promise<Locks<Id>> {
  await using opening = new AsyncDisposableStack()
  opening.use(await acquireLockSlot(pg))
  const { client, discard } = opening.use(await acquire(pg))
  let held = ids
  // The connection is ours alone, so all its locks are these, also those of a statement that failed half-way.
  opening.defer(async () => {
    if (held.length > 0) await UNLOCK.run(client).catch(discard)
  })
  const rows = await tryLock(client)
  held = rows.filter((row) => row.held).map((row) => row.id)
  const owner = opening.move()
  const release = () => owner.disposeAsync()
  return { held, release, [Symbol.asyncDispose]: release, [Symbol.dispose]: () => void release() }
}

const SLOT_LIMIT_MS = 5000

/**
 * A lock holds its connection while the work under it needs another one. So many locks are held at a time that one
 * connection is left for the work: otherwise, with few connections, all of them would be locks that wait for each other.
 */
async function acquireLockSlot(pg: Pg): Promise<Disposable> {
  const held = () => lockHolders.get(pg) ?? 0
  // The pool shrinks while the server has no room: see pool.ts.
  const most = () => (pg.options.max ?? 1) - 1
  for (const giveUpAt = Date.now() + SLOT_LIMIT_MS; held() >= most(); await delay(POLL_EVERY_MS))
    if (Date.now() > giveUpAt) throw unavailable(new Error(`all of ${most()} connections for locks are in use`))
  lockHolders.set(pg, held() + 1)
  return {
    [Symbol.dispose]() {
      lockHolders.set(pg, held() - 1)
    },
  }
}
