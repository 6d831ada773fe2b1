import { setTimeout as delay } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { acquire, type Pg } from './database.ts'
import { unavailable } from './errors.ts'
import { lockHolders } from './pool.ts'
import { statement } from './statement.ts'

/**
 * All advisory locks of the service. Postgres has two separate key spaces: one 64-bit key, and two 32-bit keys.
 * https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS
 */

/** One key. Processes that start at the same time wait for each other. */
export const MIGRATION_LOCK = 724_011
/** One key. One process counts at a time, because counting adds differences to the sums. */
export const COVERAGE_LOCK = 724_012
/** A single key: one process at a time writes search documents. */
export const SEARCH_LOCK = 724_013
/** A single key: one process at a time registers URL secrets. */
export const URL_SECRET_LOCK = 724_014
/** A single key: tokens are created and revoked one after the other, so that a token which is being revoked leaves no child. */
export const TOKEN_LOCK = 724_016
/** A single key: uploads are created one after the other, because they are counted together. */
const UPLOADS_LOCK = 724_017
/**
 * A single key: changes of visibility hold it, and share it those transactions that add sets, items or search documents. Triggers acquire
 * it too; a transaction that locks families before acquires it first, here.
 */
export const VISIBILITY_LOCK = 724_015

/** Two keys: these are the first ones. */
export const ITEM_LOCKS = 1
/** The second key is the hash of the family's unique id: see webhooks/outbox.ts, which holds it until the commit. */
export const OUTBOX_LOCKS = 2
const COMPOSITE_LOCKS = 3
const INGEST_LOCKS = 5
/** The second key is the hash of a backfill and a number up to its maximum of renderers. */
const RENDERER_LOCKS = 16

/**
 * Session locks on one connection: they are released when their process dies, and keep no transaction open. Acquire them with `await
 * using`, or with `using`, which does not wait for the release: the end of the scope always releases them.
 */
export interface Locks<Id = number> extends AsyncDisposable, Disposable {
  /** The ids that nobody else had locked. */
  readonly held: readonly Id[]
  /**
   * Releases the locks before the end of the scope. Never throws: if the statement fails, the connection is closed, which releases them
   * too.
   */
  readonly release: () => Promise<void>
}

/** Locks the items that are free, across all processes: only the holder of an item's lock may render it. */
export const lockItems = (pg: Pg, itemIds: readonly number[]): Promise<Locks> =>
  lock(pg, itemIds, (client) => TRY_IDS.all(client, { space: ITEM_LOCKS, ids: itemIds }))

/** The same for families: only the holder of a family's lock may make or delete its composites. */
export const lockComposites = (pg: Pg, familyIds: readonly number[]): Promise<Locks> =>
  lock(pg, familyIds, (client) => TRY_IDS.all(client, { space: COMPOSITE_LOCKS, ids: familyIds }))

/**
 * Reserves renderers for a part of a backfill, among all processes: as many as are free of its maximum, at most `wanted`. `held` are their
 * numbers.
 */
export const lockRenderers = (
  pg: Pg,
  { backfillId, max, wanted }: { backfillId: number; max: number; wanted: number },
): Promise<Locks> =>
  lock(pg, [0], (client) => TRY_RENDERERS.all(client, { space: RENDERER_LOCKS, backfillId, max, wanted }))

// Stops at the limit: a number that is not returned is not locked.
const TRY_RENDERERS = statement({
  name: 'lock-renderers',
  text: `
    select n as id, true as held from generate_series(1, :max::int) as n
    where pg_try_advisory_lock(:space, hashtext(:backfillId::int || ':' || n)) limit :wanted`,
  parameters: { space: 'int4', backfillId: 'int4', max: 'int4', wanted: 'int8' },
  columns: { id: 'int4', held: 'bool' },
})

/** Locks families against concurrent uploads: all of them, or none (null). */
export async function lockFamilies(pg: Pg, uniqueIds: readonly string[]): Promise<Locks<string> | null> {
  const tryLock = (client: PoolClient) => TRY_UNIQUE_IDS.all(client, { space: INGEST_LOCKS, ids: uniqueIds })
  const locks = await lock(pg, uniqueIds, tryLock)
  if (locks.held.length === uniqueIds.length) return locks
  await locks.release()
  return null
}

type TransactionLock =
  | typeof COVERAGE_LOCK
  | typeof SEARCH_LOCK
  | typeof URL_SECRET_LOCK
  | typeof TOKEN_LOCK
  | typeof VISIBILITY_LOCK

/** Waits for a lock of one key, and holds it until the end of the caller's transaction. */
export const lockTransaction = (client: PoolClient, key: TransactionLock): Promise<unknown> =>
  LOCK_TRANSACTION.run(client, { key })

const LOCK_TRANSACTION = statement({
  name: 'lock-transaction',
  text: 'select pg_advisory_xact_lock(:key)',
  parameters: { key: 'int8' },
  columns: { pg_advisory_xact_lock: 'void' },
})

/** The same, shared with others that share it. */
export const shareTransaction = (client: PoolClient, key: typeof VISIBILITY_LOCK): Promise<unknown> =>
  SHARE_TRANSACTION.run(client, { key })

const SHARE_TRANSACTION = statement({
  name: 'share-transaction',
  text: 'select pg_advisory_xact_lock_shared(:key)',
  parameters: { key: 'int8' },
  columns: { pg_advisory_xact_lock_shared: 'void' },
})

/** Waits until nobody else counts uploads, until the end of the caller's transaction. */
export const lockUploads = (client: PoolClient): Promise<unknown> => LOCK_UPLOADS.run(client, { key: UPLOADS_LOCK })

const LOCK_UPLOADS = statement({
  name: 'lock-uploads',
  text: 'select pg_advisory_xact_lock(:key)',
  parameters: { key: 'int8' },
  columns: { pg_advisory_xact_lock: 'void' },
})

/** The same without waiting; false: another process holds it. */
export const tryLockTransaction = async (client: PoolClient, key: typeof COVERAGE_LOCK): Promise<boolean> =>
  (await TRY_LOCK_TRANSACTION.get(client, { key }))?.held ?? false

const TRY_LOCK_TRANSACTION = statement({
  name: 'try-lock-transaction',
  isPrepared: true,
  text: 'select pg_try_advisory_xact_lock(:key) as held',
  parameters: { key: 'int8' },
  columns: { held: 'bool' },
})

const POLL_EVERY_MS = 25

/** Waits until each item's lock has been free once: its holder has then recorded its pictures. False: `signal` aborted. */
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

/** Of the connection's session. */
export const UNLOCK_ALL = statement({
  name: 'unlock-all',
  isPrepared: true,
  text: 'select pg_advisory_unlock_all()',
  columns: { pg_advisory_unlock_all: 'void' },
})

/** @param tryLock reports for each id whether it was locked, or is held by somebody else */
async function lock<Id>(
  pg: Pg,
  ids: readonly Id[],
  tryLock: (client: PoolClient) => Promise<readonly { id: Id; held: boolean }[]>,
): Promise<Locks<Id>> {
  await using opening = new AsyncDisposableStack()
  opening.use(await acquireLockSlot(pg))
  const { client, discard } = opening.use(await acquire(pg))
  let held = ids
  // The connection is exclusive, so this releases all locks, including those of a statement that failed halfway.
  opening.defer(async () => {
    if (held.length > 0) await UNLOCK_ALL.run(client).catch(discard)
  })
  const rows = await tryLock(client)
  held = rows.filter((row) => row.held).map((row) => row.id)
  const owner = opening.move()
  const release = () => owner.disposeAsync()
  return { held, release, [Symbol.asyncDispose]: release, [Symbol.dispose]: () => void release() }
}

const SLOT_LIMIT_MS = 5000

/**
 * A lock holds a connection while the work under it needs another one. Limits the locks held at a time so that one connection remains for
 * that work: with few connections, all of them could hold locks that wait for each other.
 */
export async function acquireLockSlot(pg: Pg): Promise<Disposable> {
  const held = () => lockHolders.get(pg) ?? 0
  // The pool shrinks when the server is out of connections: see pool.ts.
  const most = () => (pg.options.max ?? 1) - 1
  for (const deadline = performance.now() + SLOT_LIMIT_MS; held() >= most(); await delay(POLL_EVERY_MS))
    if (performance.now() > deadline) throw unavailable(new Error(`all of ${most()} connections for locks are in use`))
  lockHolders.set(pg, held() + 1)
  return {
    [Symbol.dispose]() {
      lockHolders.set(pg, held() - 1)
    },
  }
}
