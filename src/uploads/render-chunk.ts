import { setTimeout as delay } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { composeCompleted } from '../composites/schedule.ts'
import { RENDERER_VERSION } from '../core/variant.ts'
import { inTransaction, type Pg, type Prisma } from '../db/database.ts'
import { findWork, standardOrder } from '../variants/find-missing.ts'
import type { RenderDeps } from '../variants/make.ts'
import { type AfterRecord, makeSlice, SLICE_ITEMS } from '../variants/make-slice.ts'
import { addProblems, finishIfRendered, type UploadProblem } from './end-upload.ts'
import { UPLOAD_CHANNEL } from './uploads.ts'

/** Before any backfill's chunks, after the checks of other uploads. */
const PRIORITY = 30
/** Of one upload: enough for many workers, and the jobs table stays small however many sets an archive has. */
const QUEUED_MAX = 100
/** Poll interval for items that another process is making. */
const POLL_EVERY_MS = 50

export interface ChunkRenderer extends RenderDeps {
  readonly pg: Pg
  readonly prisma: Prisma
}

/**
 * Makes every preset, in the format it lists first, of a chunk's items; failures are recorded as problems of the upload.
 * Safe to run twice. Ends early when `signal` aborts (`stopped`); throws when a store or the database fails.
 */
export async function renderChunk(
  app: ChunkRenderer,
  chunkId: number,
  signal: AbortSignal,
): Promise<'done' | 'stopped'> {
  const chunk = await app.prisma.uploadChunk.findUnique({ where: { id: chunkId } })
  if (chunk?.status !== 'PENDING') return 'done'
  const order = standardOrder(app.presets)
  const { itemIds } = chunk
  const range = { afterId: 0, toId: Math.max(...itemIds), limit: itemIds.length, only: itemIds }
  const afterRecord = countIn(chunk)
  for (;;) {
    // Again until nothing is left: others may be making some, and what crashed is tried once more.
    const work = await findWork(app.pg, order, range)
    if (work.length === 0) break
    let taken = 0
    for (let from = 0; from < work.length && !signal.aborted; from += SLICE_ITEMS) {
      const slice = { order, work: work.slice(from, from + SLICE_ITEMS), signal, afterRecord }
      taken += (await makeSlice(app, slice)).length
    }
    if (signal.aborted) return 'stopped'
    if (taken === work.length) await delay(POLL_EVERY_MS)
  }
  await composeCompleted(app.pg, await settleChunk(app.pg, chunk, 'DONE'))
  return 'done'
}

/** Live progress; the final numbers are computed when the chunk is done. */
const countIn =
  ({ id, uploadId }: { id: number; uploadId: number }): AfterRecord =>
  async (client, { made, failures }) => {
    await client.query(
      `update upload_chunk set done_items = least(done_items + $2, cardinality(item_ids) - failed_items)
       where id = $1 and status = 'PENDING'`,
      [id, made.filter(({ itemId }) => !failures.some((failure) => failure.itemId === itemId)).length],
    )
    await client.query('select pg_notify($1, $2)', [UPLOAD_CHANNEL, String(uploadId)])
  }

/** Marks a chunk as failed after the queue's last attempt: the upload ends as FAILED, with the reason. */
export const abandonChunk = async (app: ChunkRenderer, chunkId: number, reason: string): Promise<void> => {
  const chunk = await app.prisma.uploadChunk.findUnique({ where: { id: chunkId } })
  if (chunk) await settleChunk(app.pg, chunk, 'FAILED', reason)
}

/** Returns the families of the upload if it ended with this chunk. */
async function settleChunk(
  pg: Pg,
  { id, uploadId }: { id: number; uploadId: number },
  status: 'DONE' | 'FAILED',
  reason?: string,
): Promise<number[]> {
  return await inTransaction(pg, async (client) => {
    // The upload's row is locked first, as everywhere: chunks end one at a time.
    await client.query('select from upload where id = $1 for update', [uploadId])
    const { rows } = await client.query<UploadProblem>(FIND_FAILURES, [id, RENDERER_VERSION])
    const problems = reason === undefined ? rows : [...rows, { ...ABANDONED, message: reason }]
    const { rowCount } = await client.query(
      `update upload_chunk set status = $2::chunk_status, failed_items = $3, done_items = case
         when $2 = 'DONE' then cardinality(item_ids) - $3 else least(done_items, cardinality(item_ids) - $3) end
       where id = $1 and status = 'PENDING'`,
      [id, status, rows.length],
    )
    if (rowCount === 0) return []
    await addProblems(client, uploadId, { problems })
    await queueChunks(client, uploadId)
    await client.query('select pg_notify($1, $2)', [UPLOAD_CHANNEL, String(uploadId)])
    return await finishIfRendered(client, uploadId)
  })
}

const ABANDONED = { code: 'INTERNAL', file: null, pointer: null } as const

/** Queues chunks up to QUEUED_MAX, in the caller's transaction, which holds the upload's row. */
export async function queueChunks(client: PoolClient, uploadId: number): Promise<void> {
  await client.query(QUEUE_CHUNKS, [uploadId, QUEUED_MAX, PRIORITY])
}

/** Puts a chunk that was stopped in the middle back into the queue. @param options.waitS not before so many seconds */
export async function requeueChunk(pg: Pg, chunkId: number, { waitS = 0 } = {}): Promise<void> {
  await pg.query(
    `select graphile_worker.add_job('render_upload', payload => $1::json, priority => $2, job_key => $3,
       run_at => now() + make_interval(secs => $4))`,
    [JSON.stringify({ chunkId, waitS }), PRIORITY, `render_upload:${chunkId}`, waitS],
  )
}

// The failures of the items as they are now, under the files' names.
const FIND_FAILURES = `
  select r.code, listed.file, null as pointer, r.message
  from upload_chunk c cross join lateral unnest(c.item_ids, c.files) as listed(id, file)
  join item i on i.id = listed.id
  join render_failure r on r.item_id = i.id and r.source_hash = i.source_hash and r.renderer_version = $2
  where c.id = $1 order by i.id`

const QUEUE_CHUNKS = `
  with next as (
    select id from upload_chunk where upload_id = $1 and status = 'PENDING' and not is_queued order by id
    limit (select greatest($2 - count(*), 0) from upload_chunk where upload_id = $1 and status = 'PENDING' and is_queued)
  ), queued as (
    update upload_chunk c set is_queued = true from next where c.id = next.id returning c.id
  )
  select graphile_worker.add_job('render_upload', payload => json_build_object('chunkId', id), priority => $3,
    job_key => 'render_upload:' || id) from queued`
