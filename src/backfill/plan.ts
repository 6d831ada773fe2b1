import type { PoolClient } from 'pg'
import type { Backfill } from '../../prisma/generated/client/client.ts'
import type { Presets } from '../core/variant.ts'
import { inTransaction, type Pg, type Prisma } from '../db/database.ts'
import { measureBatch } from '../variants/find-missing.ts'
import { addJob, BACKFILL_CHANNEL, finishIfDone } from './backfills.ts'
import { orderOf } from './request.ts'

/** Target duration of a chunk: little is repeated after a crash, and the queue is rarely polled. */
const CHUNK_S = 20
/** Before anything was measured. */
const FIRST_CHUNK_ITEMS = 200
const CHUNK_ITEMS = { min: 24, max: 5000 }
/** Chunks whose speed decides the size of the next. */
const MEASURED_CHUNKS = 8
/** Chunks in the queue for each that runs: enough that no worker waits for the next one. */
const QUEUED_PER_SLOT = 2
/** However many workers there are: the jobs table stays small, and urgent jobs are found at once. */
const QUEUED_MAX = 500
/** Chunks that one worker process runs at once: while one looks for work or records, another keeps the renderers busy. */
export const CHUNKS_AT_ONCE = 2

interface Planner {
  readonly pg: Pg
  readonly prisma: Prisma
  readonly presets: Presets
}

/**
 * Counts the work of a backfill in batches, then starts it and creates its first chunks. Nothing is held in memory; run again
 * after a crash it counts again.
 */
export async function planBackfill(app: Planner, backfillId: number): Promise<void> {
  const backfill = await app.prisma.backfill.findUnique({ where: { id: backfillId } })
  if (backfill?.status !== 'PLANNING') return
  const order = orderOf(app.presets, backfill)
  let countedItems = 0
  for (let afterId = 0, isLast = false; !isLast; ) {
    const batch = await measureBatch(app.pg, order, { afterId })
    if (!batch) break
    countedItems += batch.items
    afterId = batch.toId
    isLast = batch.isLast
    const { rowCount } = await app.pg.query(
      `update backfill set counted_items = $2 where id = $1 and status = 'PLANNING'`,
      [backfillId, countedItems],
    )
    if (rowCount === 0) return
    await app.pg.query('select pg_notify($1, $2)', [BACKFILL_CHANNEL, String(backfillId)])
  }
  await inTransaction(app.pg, async (client) => {
    await client.query(
      `update backfill set status = 'RUNNING', started_at = now() where id = $1 and status = 'PLANNING'`,
      [backfillId],
    )
    await createChunks(client, { presets: app.presets, backfillId })
    await finishIfDone(client, backfillId)
  })
}

/**
 * Creates the next chunks of a running backfill, as many as the queue lacks for the live workers, each with its job. In the
 * caller's transaction, so that finishing a chunk and creating the next one are atomic; the backfill's row is locked.
 */
export async function createChunks(
  client: PoolClient,
  { presets, backfillId }: { presets: Presets; backfillId: number },
): Promise<void> {
  const backfill = await lockRunning(client, backfillId)
  if (!backfill || backfill.isCut) return
  const order = orderOf(presets, backfill)
  const { lacking, chunkItems } = await measureQueue(client, backfillId)
  let cutToItemId = backfill.cutToItemId
  let isCut: boolean = backfill.isCut
  for (let created = 0; created < lacking && !isCut; ) {
    const batch = await measureBatch(client, order, { afterId: cutToItemId, limit: chunkItems })
    isCut = batch?.isLast ?? true
    if (!batch) break
    if (batch.items > 0) {
      const { rows } = await client.query(
        `insert into backfill_chunk (backfill_id, from_item_id, to_item_id, total_items) values ($1, $2, $3, $4) returning id`,
        [backfillId, cutToItemId + 1, batch.toId, batch.items],
      )
      await addJob(client, 'run_chunk', { chunkId: rows[0].id })
      created++
    }
    cutToItemId = batch.toId
  }
  await client.query('update backfill set cut_to_item_id = $2, is_cut = $3 where id = $1', [
    backfillId,
    cutToItemId,
    isCut,
  ])
}

/** Creates chunks of every running backfill: workers may have started since the last chunk ended. */
export async function createChunksOfRunning({ pg, presets }: Omit<Planner, 'prisma'>): Promise<void> {
  const { rows } = await pg.query(`select id from backfill where status = 'RUNNING' and not is_cut`)
  for (const { id } of rows) await inTransaction(pg, (client) => createChunks(client, { presets, backfillId: id }))
}

async function lockRunning(client: PoolClient, backfillId: number): Promise<Backfill | null> {
  const { rows } = await client.query(
    `select id, mode, presets, formats::text[] as formats, vendor_id as "vendorId", family_id as "familyId",
            icon_set_id as "iconSetId", created_at as "createdAt", is_cut as "isCut", cut_to_item_id as "cutToItemId"
     from backfill where id = $1 and status = 'RUNNING' for update`,
    [backfillId],
  )
  return rows[0] ?? null
}

/** How many chunks the queue lacks, and how many items make CHUNK_S of work at the speed of the latest chunks. */
async function measureQueue(client: PoolClient, backfillId: number): Promise<{ lacking: number; chunkItems: number }> {
  const { rows } = await client.query(
    `select (select count(*) from backfill_chunk where backfill_id = $1 and status = 'PENDING')::int as pending,
            (select count(distinct (host, pid)) from worker where seen_at > now() - interval '30 seconds')::int as workers,
            (select sum(done_items + failed_items) / nullif(sum(extract(epoch from updated_at - started_at)), 0)
             from (select * from backfill_chunk
                   where backfill_id = $1 and status = 'DONE' and updated_at is not null
                   order by id desc limit $2) as latest)::float8 as rate`,
    [backfillId, MEASURED_CHUNKS],
  )
  const { pending, workers, rate } = rows[0]
  const wanted = Math.min(Math.max(workers, 1) * CHUNKS_AT_ONCE * (1 + QUEUED_PER_SLOT), QUEUED_MAX)
  const fitting = rate === null ? FIRST_CHUNK_ITEMS : Math.round(rate * CHUNK_S)
  const chunkItems = Math.min(Math.max(fitting, CHUNK_ITEMS.min), CHUNK_ITEMS.max)
  return { lacking: wanted - pending, chunkItems }
}
