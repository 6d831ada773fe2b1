import { inTransaction, type Pg, type Prisma } from '../catalogue/database.ts'
import { findWork, type Work, type WorkOrder } from '../catalogue/find-work.ts'
import { lockItems } from '../catalogue/item-locks.ts'
import { type FailedItem, type RenderedItem, recordFailures, recordRenders } from '../catalogue/record.ts'
import { makeVariants, type Workshop } from '../deliver/make-variants.ts'
import { isSourceFailure } from '../errors.ts'
import type { Events } from '../events.ts'
import { addJob, BACKFILL_CHANNEL, finishIfDone, HALT_CHANNEL } from './backfills.ts'
import { orderOf } from './order.ts'
import { cutChunks } from './plan.ts'

const RENDER_LIMIT_MS = 20_000
/**
 * Items that are locked, made and recorded together. A request for one of them waits for its object at most, not for
 * the record; a crash repeats at most a slice.
 */
const SLICE_ITEMS = 24

/** Items of a chunk that are found in one statement. More appear only when others were imported meanwhile. */
const FOUND_MAX = 10_000
/** Items in the making beside those in the renderers: their sources are read and their pictures stored meanwhile. */
const LANES_BESIDE_RENDERERS = 3

export interface ChunkRunner extends Workshop {
  readonly pg: Pg
  readonly prisma: Prisma
  readonly events: Events
}

/**
 * Runs one chunk: what is missing in its id range is found once, then slice by slice locked, made and recorded. Safe to
 * run twice: what is recorded is not found again. Ends early, with what was made recorded, when the backfill is paused or
 * cancelled (`halted`) or when `signal` aborts (`stopped`); throws when a store or the database fails, so that the
 * queue tries again.
 */
export async function runChunk(
  app: ChunkRunner,
  chunkId: number,
  signal: AbortSignal,
): Promise<'done' | 'halted' | 'stopped'> {
  const chunk = await app.prisma.backfillChunk.findUnique({ where: { id: chunkId }, include: { backfill: true } })
  if (chunk?.status !== 'PENDING') return 'done'
  const halt = watchHalts(app, chunk.backfillId)
  try {
    if (!(await isOpen(app.pg, chunk.backfillId))) return 'halted'
    await app.pg.query('update backfill_chunk set started_at = coalesce(started_at, now()) where id = $1', [chunkId])
    const order = orderOf(app.presets, chunk.backfill)
    await makeChunk(app, { chunk, order, signal: AbortSignal.any([signal, halt.signal]) })
    if (signal.aborted) return 'stopped'
    if (halt.signal.aborted) return 'halted'
    await finishChunk(app, chunk)
    return 'done'
  } finally {
    halt.close()
  }
}

async function makeChunk(app: ChunkRunner, { chunk, order, signal }: Omit<Slice, 'work'>): Promise<void> {
  const taken = new Set<number>()
  for (let afterId = chunk.fromItemId - 1, isLast = false; !isLast; ) {
    const found = await findWork(app.pg, order, { afterId, toId: chunk.toItemId, limit: FOUND_MAX })
    for (let from = 0; from < found.length && !signal.aborted; from += SLICE_ITEMS) {
      const work = found.slice(from, from + SLICE_ITEMS)
      for (const itemId of await runSlice(app, { chunk, order, work, signal })) taken.add(itemId)
    }
    isLast = found.length < FOUND_MAX
    afterId = found.at(-1)?.itemId ?? afterId
  }
  // Items that a request was just making: theirs by now, or ours after all. Rare, so one by one.
  for (const itemId of taken) await waitForItem(app, { chunk, order, itemId, signal })
}

/** Aborts as soon as the backfill is no longer to be worked on: nobody waits for the end of a slice of slow renders. */
function watchHalts(app: ChunkRunner, backfillId: number): { signal: AbortSignal; close: () => void } {
  const halted = new AbortController()
  const closed = new AbortController()
  const watch = async () => {
    for await (const _ of app.events.follow(HALT_CHANNEL, String(backfillId), closed.signal))
      if (!(await isOpen(app.pg, backfillId))) return halted.abort()
  }
  // A look that fails: the database is away, and the next record says so.
  watch().catch(() => {})
  return { signal: halted.signal, close: () => closed.abort() }
}

interface Slice {
  readonly chunk: {
    readonly id: number
    readonly backfillId: number
    readonly fromItemId: number
    readonly toItemId: number
  }
  readonly order: WorkOrder
  readonly work: readonly Work[]
  readonly signal: AbortSignal
}

/** Makes and records one slice. Returns the items that somebody else holds. */
async function runSlice(app: ChunkRunner, slice: Slice): Promise<number[]> {
  const ids = slice.work.map((item) => item.itemId)
  const locks = await lockItems(app.pg, ids)
  try {
    // Looked at again under the lock: a request may have made one since.
    const range = { afterId: 0, toId: slice.chunk.toItemId, limit: ids.length, only: locks.held }
    const work = locks.held.length > 0 ? await findWork(app.pg, slice.order, range) : []
    const results = await makeAll(app, slice, work)
    await recordSlice(app.pg, slice.chunk, results)
    if (results.trouble) throw results.trouble
    return ids.filter((id) => !locks.held.includes(id))
  } finally {
    await locks.release()
  }
}

interface Results {
  readonly made: RenderedItem[]
  readonly failures: FailedItem[]
  /** A store or database that failed: what was made until then is recorded first. */
  trouble: unknown
}

/** Every item of the slice, a few more at once than there are renderers, so that reading and storing overlap rendering. */
async function makeAll(app: ChunkRunner, { order, chunk, signal }: Slice, work: readonly Work[]): Promise<Results> {
  const results: Results = { made: [], failures: [], trouble: null }
  const queue = [...work]
  const lane = async () => {
    for (let item = queue.shift(); item && !results.trouble && !signal.aborted; item = queue.shift()) {
      try {
        const { item: made } = await makeVariants(app, item, {
          wants: item.wants,
          timeoutMs: RENDER_LIMIT_MS,
          replace: order.mode === 'ALL',
        })
        results.made.push(made)
      } catch (error) {
        if (isSourceFailure(error)) {
          results.failures.push({
            itemId: item.itemId,
            sourceHash: item.sourceHash,
            error,
            backfillId: chunk.backfillId,
          })
        } else {
          results.trouble = error
        }
      }
    }
  }
  await Promise.all(Array.from({ length: app.pool.size + LANES_BESIDE_RENDERERS }, lane))
  return results
}

/** Images, failures and the chunk's counts in one transaction: after a crash the counts are still right. */
async function recordSlice(pg: Pg, chunk: Slice['chunk'], { made, failures }: Results): Promise<void> {
  if (made.length === 0 && failures.length === 0) return
  const images = made.flatMap((item) => item.images)
  await inTransaction(pg, async (client) => {
    await recordRenders(client, made)
    await recordFailures(client, failures)
    await client.query({
      name: 'count-chunk',
      text: `update backfill_chunk set done_items = done_items + $2, failed_items = failed_items + $3,
               images_made = images_made + $4, bytes_written = bytes_written + $5, updated_at = now()
             where id = $1`,
      values: [
        chunk.id,
        made.length,
        failures.length,
        images.length,
        images.reduce((sum, image) => sum + image.bytes, 0),
      ],
    })
    await client.query('select pg_notify($1, $2)', [BACKFILL_CHANNEL, String(chunk.backfillId)])
  })
}

/** Locks one item, waiting for whoever makes it, then makes what is still missing. */
async function waitForItem(app: ChunkRunner, slice: Omit<Slice, 'work'> & { itemId: number }): Promise<void> {
  const { itemId, order, chunk } = slice
  for (let isTaken = true; isTaken && !slice.signal.aborted; ) {
    const work = await findWork(app.pg, order, { afterId: itemId - 1, toId: itemId, limit: 1 })
    isTaken = work.length > 0 && (await runSlice(app, { order, chunk, work, signal: slice.signal })).length > 0
    if (isTaken) await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** What others made since the plan counts as done; what appeared since is added to the total. */
async function finishChunk({ pg, presets }: ChunkRunner, chunk: Slice['chunk']): Promise<void> {
  await inTransaction(pg, async (client) => {
    await client.query(
      `update backfill_chunk set status = 'DONE', updated_at = now(), total_items = greatest(total_items, done_items + failed_items),
         done_items = greatest(total_items, done_items + failed_items) - failed_items
       where id = $1`,
      [chunk.id],
    )
    await cutChunks(client, { presets, backfillId: chunk.backfillId })
    await finishIfDone(client, chunk.backfillId)
  })
}

/** Puts a chunk that was stopped in the middle back into the queue. */
export const requeueChunk = (pg: Pg, chunkId: number): Promise<void> => addJob(pg, 'run_chunk', { chunkId })

/** Gives a chunk up after the queue's last attempt: the backfill ends as FAILED, with the reason. */
export async function abandonChunk({ pg, presets }: ChunkRunner, chunkId: number, reason: string): Promise<void> {
  await inTransaction(pg, async (client) => {
    const { rows } = await client.query(
      `update backfill_chunk set status = 'FAILED', error = $2 where id = $1 and status = 'PENDING' returning backfill_id`,
      [chunkId, reason],
    )
    if (!rows[0]) return
    await cutChunks(client, { presets, backfillId: rows[0].backfill_id })
    await finishIfDone(client, rows[0].backfill_id)
  })
}

async function isOpen(pg: Pg, backfillId: number): Promise<boolean> {
  const { rows } = await pg.query(`select status in ('PLANNING', 'RUNNING') as open from backfill where id = $1`, [
    backfillId,
  ])
  return rows[0]?.open ?? false
}
