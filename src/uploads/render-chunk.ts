import { setTimeout as delay } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { composeCompleted } from '../composites/schedule.ts'
import { RENDERER_VERSION } from '../core/variant.ts'
import { inTransaction, type Pg, type Prisma } from '../db/database.ts'
import { notify } from '../db/notify.ts'
import { execute, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { enqueueAll } from '../jobs/enqueue.ts'
import { LIVE_WORKERS } from '../jobs/workers.ts'
import { findWork, standardOrder } from '../variants/find-missing.ts'
import type { RenderDeps } from '../variants/make.ts'
import { type AfterRecord, makeItems } from '../variants/make-items.ts'
import { countResults } from '../variants/record.ts'
import { addProblems, finishIfRendered, type UploadProblem } from './end-upload.ts'
import { UPLOAD_CHANNEL } from './uploads.ts'

/** Queued chunks of one upload, for each live worker: enough to keep it busy, leaving slots for other uploads. */
const QUEUED_PER_WORKER = 2
/** Interval for checking items that another process is making. */
const POLL_EVERY_MS = 50

export interface ChunkRenderer extends RenderDeps {
  readonly pg: Pg
  readonly prisma: Prisma
}

/**
 * Makes every preset, in its first format, of a chunk's items; failures are recorded as problems of the upload. Safe to run twice. Ends
 * early when `signal` aborts (`stopped`); throws when a store or the database fails.
 */
export async function renderChunk(
  app: ChunkRenderer,
  chunkId: number,
  signal: AbortSignal,
): Promise<'done' | 'stopped'> {
  const chunk = await app.prisma.uploadChunk.findUnique({ where: { id: chunkId } })
  if (chunk?.status !== 'PENDING') return 'done'
  const order = standardOrder(app)
  const { itemIds } = chunk
  const range = { afterId: 0, toId: Math.max(...itemIds), limit: itemIds.length, only: itemIds }
  const afterRecord = countIn(chunk)
  for (;;) {
    // Repeated until nothing is left: others may be making some, and crashed renders are retried once.
    const work = await findWork(app.pg, order, range)
    if (work.length === 0) break
    const taken = await makeItems(app, { order, work, signal, afterRecord })
    if (signal.aborted) return 'stopped'
    if (taken.length === work.length) await delay(POLL_EVERY_MS)
  }
  await composeCompleted(app.pg, await endChunk(app.pg, chunk, 'DONE'))
  return 'done'
}

/** Live progress; the final numbers are computed when the chunk is done. */
const countIn =
  ({ id, uploadId }: { id: number; uploadId: number }): AfterRecord =>
  async (client, results) => {
    const failed = new Set(results.failures.map(({ itemId }) => itemId))
    const made = results.made.filter(({ itemId }) => !failed.has(itemId))
    const items = countResults({ ...results, made }).done
    await COUNT_DONE.run(client, { id, items })
    await notify(client, UPLOAD_CHANNEL, String(uploadId))
  }

const COUNT_DONE = statement({
  name: 'count-upload-chunk',
  text: `update upload_chunk set done_items = least(done_items + :items, cardinality(item_ids) - failed_items)
         where id = :id and status = 'PENDING'`,
  parameters: { id: 'int4', items: 'int4' },
})

/** Marks a chunk as failed after the queue's last attempt: the upload ends as FAILED, with the reason. */
export const abandonChunk = async (app: ChunkRenderer, chunkId: number, reason: string): Promise<void> => {
  const chunk = await app.prisma.uploadChunk.findUnique({ where: { id: chunkId } })
  if (chunk) await endChunk(app.pg, chunk, 'FAILED', reason)
}

/** Returns the families of the upload if it ended with this chunk. */
async function endChunk(
  pg: Pg,
  { id, uploadId }: { id: number; uploadId: number },
  status: 'DONE' | 'FAILED',
  reason?: string,
): Promise<number[]> {
  return await inTransaction(pg, async (client) => {
    // The upload's row is locked first, as everywhere: chunks end one at a time.
    await execute(client, query.selectFrom('upload').where('id', '=', uploadId).forUpdate())
    const failures = await FIND_FAILURES.all(client, { chunkId: id, rendererVersion: RENDERER_VERSION })
    const problems: UploadProblem[] = failures.map((failure) => ({ ...failure, pointer: null }))
    if (reason !== undefined) problems.push({ ...ABANDONED, message: reason })
    if ((await SETTLE_CHUNK.run(client, { id, status, failed: failures.length })) === 0) return []
    await addProblems(client, uploadId, { problems })
    await queueChunks(client, uploadId)
    await notify(client, UPLOAD_CHANNEL, String(uploadId))
    return await finishIfRendered(client, uploadId)
  })
}

const SETTLE_CHUNK = statement({
  name: 'settle-upload-chunk',
  text: `
    update upload_chunk set status = :status::chunk_status, failed_items = :failed, done_items = case
      when :status::chunk_status = 'DONE' then cardinality(item_ids) - :failed else least(done_items, cardinality(item_ids) - :failed) end
    where id = :id and status = 'PENDING'`,
  parameters: { id: 'int4', status: 'chunk_status', failed: 'int4' },
})

const ABANDONED = { code: 'INTERNAL', file: null, pointer: null } as const

/** Queues chunks, up to QUEUED_PER_WORKER for each live worker. In the caller's transaction, which holds the upload's row. */
export async function queueChunks(client: PoolClient, uploadId: number): Promise<void> {
  const chunks = await TAKE_CHUNKS.all(client, { uploadId, perWorker: QUEUED_PER_WORKER })
  await enqueueAll(
    client,
    'render_upload',
    chunks.map(({ id }) => ({ payload: { chunkId: id } })),
  )
}

// The current failures of the items, with the files' names.
const FIND_FAILURES = statement({
  name: 'find-upload-failures',
  text: `
    select r.code, listed.file, r.message
    from upload_chunk c cross join lateral unnest(c.item_ids, c.files) as listed(id, file)
    join item i on i.id = listed.id
    join render_failure r on r.item_id = i.id and r.source_hash = i.source_hash and r.renderer_version = :rendererVersion
    where c.id = :chunkId order by i.id`,
  parameters: { chunkId: 'int4', rendererVersion: 'text' },
  columns: { code: 'text', file: 'text', message: 'text' },
})

const TAKE_CHUNKS = statement({
  name: 'take-upload-chunks',
  text: `
    with next as (
      select id from upload_chunk where upload_id = :uploadId and status = 'PENDING' and not is_queued order by id
      limit (select greatest(:perWorker * greatest(${LIVE_WORKERS}, 1) - count(*), 0) from upload_chunk
             where upload_id = :uploadId and status = 'PENDING' and is_queued)
    )
    update upload_chunk c set is_queued = true from next where c.id = next.id returning c.id`,
  parameters: { uploadId: 'int4', perWorker: 'int4' },
  columns: { id: 'int4' },
})
