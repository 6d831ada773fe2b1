import type { PoolClient } from 'pg'
import { toAppError } from '../core/errors.ts'
import { logFailure } from '../core/log-failure.ts'
import type { ImageFormat, Presets } from '../core/variant.ts'
import type { UrlSecret } from '../core/version.ts'
import { inTransaction, type Pg, type Prisma } from '../db/database.ts'
import { notify } from '../db/notify.ts'
import { execute, fetchAll, fetchFirst, now, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { enqueue } from '../jobs/enqueue.ts'
import { RUNNERS } from '../jobs/registry.ts'
import { LIVE_WORKERS } from '../jobs/workers.ts'
import { measureBatch } from '../variants/find-missing.ts'
import { BACKFILL_CHANNEL, finishIfDone } from './backfills.ts'
import { readOrder } from './order.ts'

/** Target duration of a chunk: short enough to repeat little after a crash, long enough to poll the queue rarely. */
const CHUNK_S = 20
/** Before anything has been measured. */
const FIRST_CHUNK_ITEMS = 200
const CHUNK_ITEMS = { min: 24, max: 5000 }
/** Chunks whose speed determines the size of the next. */
const MEASURED_CHUNKS = 8
/**
 * Queued chunks of one backfill for each live worker: enough to keep its renderers busy, and fewer than its slots, so that another
 * backfill finds one free.
 */
const QUEUED_PER_WORKER = 2
/**
 * The same for a backfill that outranks an unfinished one: all slots of each worker (src/jobs/registry.ts), and one more that waits for the
 * others to yield theirs.
 */
const QUEUED_BY_URGENT = RUNNERS.long.jobsAtOnce + 1
/** With any number of workers: keeps the jobs table small, so that urgent jobs are found quickly. */
const QUEUED_MAX = 500

interface Planner {
  readonly pg: Pg
  readonly prisma: Prisma
  readonly presets: Presets
  readonly urlSecret: UrlSecret
}

/**
 * Counts the work of a backfill in batches, then starts it and creates its first chunks. Nothing is held in memory; after a crash it
 * counts again.
 */
export async function planBackfill(app: Planner, backfillId: number): Promise<void> {
  const backfill = await app.prisma.backfill.findUnique({ where: { id: backfillId } })
  if (backfill?.status !== 'PLANNING') return
  const order = await inTransaction(app.pg, (client) => readOrder(client, app, backfill))
  if (!order) return
  const planning = query.updateTable('backfill').where('id', '=', backfillId).where('status', '=', 'PLANNING')
  let countedItems = 0
  for (let afterId = 0, isLast = false; !isLast; ) {
    const batch = await measureBatch(app.pg, order, { afterId })
    if (!batch) break
    countedItems += batch.items
    afterId = batch.toId
    isLast = batch.isLast
    if ((await execute(app.pg, planning.set({ counted_items: countedItems }))) === 0) return
    await notify(app.pg, BACKFILL_CHANNEL, String(backfillId))
  }
  await inTransaction(app.pg, async (client) => {
    await execute(client, planning.set({ status: 'RUNNING', started_at: now }))
    await createChunks(client, app, backfillId)
    await finishIfDone(client, backfillId)
  })
}

/**
 * Creates the next chunks of a running backfill, as many as the queue lacks for the live workers, each with its job. In the
 * caller's transaction, so that finishing a chunk and creating the next one are atomic; the backfill's row is locked.
 */
export async function createChunks(
  client: PoolClient,
  app: Pick<Planner, 'presets' | 'urlSecret'>,
  backfillId: number,
): Promise<void> {
  const backfill = await lockRunning(client, backfillId)
  if (!backfill || backfill.isCut) return
  const order = await readOrder(client, app, backfill)
  if (!order) return
  const { lacking, chunkItems } = await measureQueue(client, backfill)
  let cutToItemId = backfill.cutToItemId
  let isCut = false
  for (let created = 0; created < lacking && !isCut; ) {
    const batch = await measureBatch(client, order, { afterId: cutToItemId, limit: chunkItems })
    isCut = batch?.isLast ?? true
    if (!batch) break
    if (batch.items > 0) {
      const chunk = { from_item_id: cutToItemId + 1, to_item_id: batch.toId, total_items: batch.items }
      const adding = query.insertInto('backfill_chunk').values({ backfill_id: backfillId, ...chunk })
      const added = await fetchFirst(client, adding.returning('id'))
      if (added) await enqueue(client, 'run_chunk', { chunkId: added.id, rank: RANKS[backfill.priority] })
      created++
    }
    cutToItemId = batch.toId
  }
  const updating = query.updateTable('backfill').where('id', '=', backfillId)
  await execute(client, updating.set({ cut_to_item_id: cutToItemId, is_cut: isCut }))
}

/**
 * Creates chunks of every running backfill: workers may have started since the last chunk ended. If that fails for one, it waits for the
 * next call.
 */
export async function createChunksOfRunning(app: Omit<Planner, 'prisma'>): Promise<void> {
  const { pg } = app
  const running = query.selectFrom('backfill').select('id').where('status', '=', 'RUNNING').where('is_cut', '=', false)
  for (const { id } of await fetchAll(pg, running))
    await inTransaction(pg, (client) => createChunks(client, app, id)).catch((error) => {
      if (toAppError(error).code !== 'UNAVAILABLE') throw error
      logFailure('chunks of a backfill cannot be created', error, { backfill: id })
    })
}

/** Of the jobs of chunks: a lower one runs first. */
export const RANKS = { LOW: 10, NORMAL: 0, HIGH: -10 } as const

async function lockRunning(client: PoolClient, backfillId: number) {
  const backfill = await LOCK_RUNNING.get(client, { backfillId })
  return backfill && { ...backfill, formats: backfill.formats as readonly ImageFormat[] }
}

const LOCK_RUNNING = statement({
  name: 'lock-running-backfill',
  text: `
    select id, mode, presets, formats::text[] as formats, vendor_id as "vendorId", family_id as "familyId",
           icon_set_id as "iconSetId", created_at as "createdAt", is_cut as "isCut", cut_to_item_id as "cutToItemId",
           priority, max_renderers as "maxRenderers"
    from backfill where id = :backfillId and status = 'RUNNING' for update`,
  parameters: { backfillId: 'int4' },
  columns: {
    id: 'int4',
    mode: 'backfill_mode',
    presets: 'text[]',
    formats: 'text[]',
    vendorId: 'int4?',
    familyId: 'int4?',
    iconSetId: 'int4?',
    createdAt: 'timestamptz',
    isCut: 'bool',
    cutToItemId: 'int4',
    priority: 'backfill_priority',
    maxRenderers: 'int4?',
  },
})

/** How many chunks the queue lacks, and how many items are CHUNK_S of work at the speed of the latest chunks. */
async function measureQueue(
  client: PoolClient,
  { id: backfillId, maxRenderers }: { id: number; maxRenderers: number | null },
): Promise<{ lacking: number; chunkItems: number }> {
  const measured = await MEASURE_QUEUE.get(client, { backfillId, latest: MEASURED_CHUNKS })
  const { pending, workers, rate, outranks } = measured ?? { pending: 0, workers: 0, rate: null, outranks: false }
  const perWorker = outranks ? QUEUED_BY_URGENT : QUEUED_PER_WORKER
  // A chunk that runs has at least one renderer: more of them would only look again and again for a free one.
  const wanted = Math.min(Math.max(workers, 1) * perWorker, QUEUED_MAX, maxRenderers ?? QUEUED_MAX)
  const fitting = rate === null ? FIRST_CHUNK_ITEMS : Math.round(rate * CHUNK_S)
  const chunkItems = Math.min(Math.max(fitting, CHUNK_ITEMS.min), CHUNK_ITEMS.max)
  return { lacking: wanted - pending, chunkItems }
}

const MEASURE_QUEUE = statement({
  name: 'measure-queue',
  text: `
    select (select count(*) from backfill_chunk where backfill_id = :backfillId and status = 'PENDING')::int as pending,
           ${LIVE_WORKERS} as workers,
           exists (select from backfill other where other.status in ('PLANNING', 'RUNNING')
                   and other.priority < (select priority from backfill where id = :backfillId)) as outranks,
           (select sum(done_items + failed_items) / nullif(sum(extract(epoch from updated_at - started_at)), 0)
            from (select * from backfill_chunk
                  where backfill_id = :backfillId and status = 'DONE' and updated_at is not null
                  order by id desc limit :latest) as latest)::float8 as rate`,
  parameters: { backfillId: 'int4', latest: 'int8' },
  columns: { pending: 'int4', workers: 'int4', outranks: 'bool', rate: 'float8?' },
})
