import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { PoolClient } from 'pg'
import type { TakeDown } from '../../prisma/generated/client/client.ts'
import { type Cdn, isDenied } from '../cdn/cloudfront.ts'
import { CACHE_TAG_HEADER } from '../core/cache-tags.ts'
import { log } from '../core/log.ts'
import { isCompositeKey } from '../core/variant.ts'
import { PRIVATE_PREFIX } from '../core/visibility.ts'
import type { Pg, Prisma } from '../db/database.ts'
import { waitForItems } from '../db/locks.ts'
import { anyOf, execute, fetchAll, now, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { enqueue } from '../jobs/enqueue.ts'
import type { Stores } from '../store/open.ts'
import { removeComposites } from './composites.ts'
import { type Keys, locateTarget, type TakedownScope } from './locate-target.ts'
import { whileActive } from './while-active.ts'

/** Items that are locked together. */
const DRAIN_ITEMS = 200
/** The maximum that S3 lists and deletes in one call. */
const SWEEP_KEYS = 1000
/** Delay of the second check: longer than any response, upload or queue of ours lasts. */
const RECHECK_AFTER_S = 60
/** Of the 3,000 that may be in progress: smaller batches leave capacity for others. */
const PATHS_AT_ONCE = 1000

export interface TakeDownRunner extends Keys {
  readonly stores: Stores
  readonly pg: Pg
  readonly prisma: Prisma
  readonly cdn: Cdn | null
  readonly config: { readonly publicImageUrl: string | null }
}

interface Run {
  readonly takeDown: TakeDown
  readonly scope: TakedownScope
  readonly signal: AbortSignal
}

/**
 * Takes down the target of the receipt, which is already hidden; of kind PRIVATE, only what is public of it. Drains: waits for every render in progress and deletes the image rows,
 * so that nothing more is made; also deletes families' composites that show it. Sweeps: deletes all objects, of any version. Purges the
 * CDN. Safe to run again and after a crash: each step continues where it stopped. Ends early when the take-down is restored or `signal`
 * aborts; throws when a store, the database or the CDN fails, so that the queue retries.
 * @param options.recheck sweeps and purges once more: an upload that timed out may still have arrived, and a response in flight may have
 * been cached at an edge after the purge
 */
export async function runTakeDown(
  app: TakeDownRunner,
  id: number,
  { signal, recheck = false }: { signal: AbortSignal; recheck?: boolean },
): Promise<'done' | 'stopped'> {
  const takeDown = await app.prisma.takeDown.findUnique({ where: { id } })
  if (!takeDown || takeDown.restoredAt || (takeDown.status === 'COMPLETED') !== recheck) return 'done'
  const scope = await locateTarget(app, takeDown)
  const run = { takeDown, scope, signal }
  if (!recheck) await execute(app.pg, updateOf(id).set({ status: 'RUNNING' }).where('restored_at', 'is', null))
  const outcome = (await drain(app, run)) ?? (await removeComposites(app, run)) ?? (await sweep(app, run))
  if (outcome) return outcome
  const isPurged = await purge(app, run, recheck ? 'second' : 'first')
  await whileActive(app.pg, id, async (client) => {
    if (recheck) return await execute(client, updateOf(id).set({ error: null }))
    const note = isPurged ? null : NO_CDN
    await execute(client, updateOf(id).set({ status: 'COMPLETED', finished_at: now, error: null, note }))
    await enqueue(client, 'take_down', { takeDownId: id, recheck: true }, { delayS: RECHECK_AFTER_S })
  })
  return 'done'
}

const updateOf = (id: number) => query.updateTable('take_down').where('id', '=', id)

const NO_CDN =
  'CLOUDFRONT_DISTRIBUTION_ID is not set, so no CDN was purged: if you use one, set the variable and take this down again, or purge it manually.'

/** Records why a run failed, for the receipt; after the queue's last attempt the take-down ends as FAILED. The target stays hidden. */
export async function recordError(
  pg: Pg,
  id: number,
  { reason, isLast }: { reason: string; isLast: boolean },
): Promise<void> {
  await RECORD_ERROR.run(pg, { id, reason, isLast })
}

const RECORD_ERROR = statement({
  name: 'record-take-down-error',
  text: `
    update take_down set error = :reason,
      status = case when :isLast and status <> 'COMPLETED' then 'FAILED' else status end,
      finished_at = case when :isLast and status <> 'COMPLETED' then now() else finished_at end
    where id = :id and restored_at is null`,
  parameters: { id: 'int4', reason: 'text', isLast: 'bool' },
})

/** Null: done. */
type StepResult = 'done' | 'stopped' | null

/**
 * Waits until all locks on the items are free: pictures in progress have been recorded by then, and later holders see that the item is
 * hidden. The image rows are deleted before their objects.
 */
async function drain(app: TakeDownRunner, { takeDown, scope, signal }: Run): Promise<StepResult> {
  for (let afterId = takeDown.drainedToItemId; ; ) {
    const items = query.selectFrom('item').select('id').where(scope.column, '=', takeDown.targetId)
    const rows = await fetchAll(app.pg, items.where('id', '>', afterId).orderBy('id').limit(DRAIN_ITEMS))
    const ids = rows.map((row) => row.id)
    const lastId = ids.at(-1)
    if (lastId === undefined) return null
    if (!(await waitForItems(app.pg, ids, signal))) return 'stopped'
    const isActive = await whileActive(app.pg, takeDown.id, async (client) => {
      const images = query.deleteFrom('image').where('owner_type', '=', 'ITEM').where('owner_id', '=', anyOf(ids))
      const doomed =
        takeDown.kind === 'PRIVATE'
          ? images.where(sql<boolean>`not starts_with(object_key, ${PRIVATE_PREFIX})`)
          : images
      const deleted = await fetchAll(client, doomed.returning('object_key'))
      await execute(client, updateOf(takeDown.id).set({ drained_to_item_id: lastId }))
      await rememberKeys(
        client,
        takeDown,
        deleted.map((row) => row.object_key),
      )
    })
    if (isActive === null) return 'done'
    afterId = lastId
  }
}

/** Deletes all objects under the target's keys, with or without a row, in batches. A restore waits for the current batch. */
async function sweep(app: TakeDownRunner, { takeDown, scope, signal }: Run): Promise<StepResult> {
  for (;;) {
    if (signal.aborted) return 'stopped'
    const deleted = await whileActive(app.pg, takeDown.id, async (client) => {
      const keys = await listBatch(app, scope)
      if (keys.length === 0) return 0
      await app.stores.previews.delete(keys)
      const count = updateOf(takeDown.id).set((eb) => ({ objects_deleted: eb('objects_deleted', '+', keys.length) }))
      await execute(client, count)
      await rememberKeys(client, takeDown, keys)
      return keys.length
    })
    if (deleted === null) return 'done'
    if (deleted === 0) return null
  }
}

async function listBatch({ stores }: TakeDownRunner, { prefixes, owns }: TakedownScope): Promise<string[]> {
  const keys: string[] = []
  for (const prefix of prefixes) {
    for await (const { key } of stores.previews.list(prefix)) {
      if (owns(key)) keys.push(key)
      if (keys.length === SWEEP_KEYS) return keys
    }
  }
  return keys
}

/** For an item, whose invalidation by path lists each key: a retry must purge what an earlier run deleted. */
async function rememberKeys(client: PoolClient, { id, targetType }: TakeDown, keys: readonly string[]): Promise<void> {
  if (targetType !== 'ITEM' || keys.length === 0) return
  await REMEMBER_KEYS.run(client, { id, keys })
}

const REMEMBER_KEYS = statement({
  name: 'remember-deleted-keys',
  text: 'update take_down set deleted_keys = array(select distinct unnest(deleted_keys || :keys::text[])) where id = :id',
  parameters: { id: 'int4', keys: 'text[]' },
})

/**
 * Invalidates the CDN's copies, by tag if the distribution reads our header, else by path. A second run sends the same batches with the
 * same references, which CloudFront deduplicates; exceeding its limit throws BUSY. False: there is no CDN.
 */
async function purge(app: TakeDownRunner, { takeDown, scope }: Run, round: string): Promise<boolean> {
  if (!app.cdn) return false
  const { deletedKeys, createdAt } = await app.prisma.takeDown.findUniqueOrThrow({ where: { id: takeDown.id } })
  const base = app.config.publicImageUrl ? new URL(app.config.publicImageUrl).pathname.replace(/\/$/, '') : '/images'
  const hadComposites = deletedKeys.some(isCompositeKey)
  const items = (await readsCacheTags(app.cdn))
    ? [`#${scope.tag}`, ...(scope.composites && hadComposites ? [`#${scope.composites.tag}`] : [])]
    : [...new Set([...scope.paths, ...deletedKeys])].sort().map((key) => `${base}/${key}`)
  for (let from = 0; from < items.length; from += PATHS_AT_ONCE) {
    const batch = items.slice(from, from + PATHS_AT_ONCE)
    // Includes the time: another database may have had a take-down with this id on the same distribution.
    const identity = [takeDown.id, createdAt.toISOString(), round, ...batch].join('\n')
    const reference = `afterimage-${takeDown.id}-${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`
    const invalidationId = await app.cdn.invalidate(batch, reference)
    await ADD_INVALIDATION.run(app.pg, { id: takeDown.id, invalidationId })
  }
  return true
}

const ADD_INVALIDATION = statement({
  name: 'add-invalidation',
  text: `update take_down set invalidation_ids = array_append(invalidation_ids, :invalidationId)
         where id = :id and not :invalidationId = any(invalidation_ids)`,
  parameters: { id: 'int4', invalidationId: 'text' },
})

/** If the configuration cannot be read, invalidating by path works as well. */
async function readsCacheTags(cdn: Cdn): Promise<boolean> {
  try {
    const { CacheTagConfig: tags } = await cdn.readConfig()
    return tags?.HeaderName?.toLowerCase() === CACHE_TAG_HEADER
  } catch (error) {
    if (!isDenied(error)) throw error
    log.warn('the distribution cannot be read; invalidating by path', { cause: (error as Error).message })
    return false
  }
}
