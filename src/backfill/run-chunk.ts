import { setTimeout as delay } from 'node:timers/promises'
import { inTransaction, type Pg, type Prisma } from '../db/database.ts'
import { lockRenderers } from '../db/locks.ts'
import type { Events } from '../db/notifications.ts'
import { notify } from '../db/notify.ts'
import { execute, fetchFirst, now, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { findWork, type WorkOrder } from '../variants/find-missing.ts'
import type { RenderDeps } from '../variants/make.ts'
import { type AfterRecord, makeItems } from '../variants/make-items.ts'
import { countResults } from '../variants/record.ts'
import { BACKFILL_CHANNEL, finishIfDone, HALT_CHANNEL } from './backfills.ts'
import { readOrder } from './order.ts'
import { createChunks } from './plan.ts'

/** Items of a chunk that are found in one statement. There are only more if others were imported meanwhile. */
const FOUND_MAX = 10_000
/** Interval for checking an item that another process is making. */
const POLL_EVERY_MS = 50

export interface ChunkRunner extends RenderDeps {
  readonly pg: Pg
  readonly prisma: Prisma
  readonly events: Events
}

/**
 * Runs one chunk: finds the missing pictures in its id range once, then locks, makes and records them bit by bit. Safe to run twice:
 * recorded pictures are not found again. Ends early, with finished work recorded, when the backfill is paused or cancelled (`halted`) or
 * when `signal` aborts (`stopped`), and does not begin while all renderers that the backfill may use are in use (`full`); throws when a store or the database fails, so that the queue retries.
 */
export async function runChunk(
  app: ChunkRunner,
  chunkId: number,
  signal: AbortSignal,
): Promise<'done' | 'halted' | 'stopped' | 'full'> {
  const chunk = await app.prisma.backfillChunk.findUnique({ where: { id: chunkId }, include: { backfill: true } })
  if (chunk?.status !== 'PENDING') return 'done'
  const halt = watchHalts(app, chunk.backfillId)
  try {
    if (!(await isOpen(app.pg, chunk.backfillId))) return 'halted'
    const { maxRenderers: max } = chunk.backfill
    await using reserved = max === null ? null : await reserveRenderers(app, { backfillId: chunk.backfillId, max })
    if (reserved?.held.length === 0) return 'full'
    const order = await inTransaction(app.pg, (client) => readOrder(client, app, chunk.backfill))
    if (!order) return 'halted'
    const starting = query.updateTable('backfill_chunk').set({ started_at: now }).where('id', '=', chunkId)
    await execute(app.pg, starting.where('started_at', 'is', null))
    // The heartbeat of a worker pauses the backfill a moment later.
    using deadline = deadlineOf((await READ_REMAINING.get(app.pg, { backfillId: chunk.backfillId }))?.ms ?? null)
    const stops = [signal, halt.signal, deadline.signal]
    await makeChunk(app, { chunk, order, signal: AbortSignal.any(stops), renderersMax: reserved?.held.length })
    if (signal.aborted) return 'stopped'
    if (halt.signal.aborted || deadline.signal.aborted) return 'halted'
    await finishChunk(app, chunk)
    return 'done'
  } finally {
    halt.close()
  }
}

/** Chunks of one backfill that a worker runs at once share its renderers, and should leave some of the maximum to other workers. */
const CHUNKS_AT_ONCE = 2

const reserveRenderers = ({ pg, pool }: ChunkRunner, { backfillId, max }: { backfillId: number; max: number }) =>
  lockRenderers(pg, { backfillId, max, wanted: Math.ceil(pool.size / CHUNKS_AT_ONCE) })

/** Longer than any timer can wait. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** A signal that aborts after this time; null: never. */
function deadlineOf(waitMs: number | null): Disposable & { signal: AbortSignal } {
  const passed = new AbortController()
  if (waitMs !== null && waitMs <= 0) passed.abort()
  const timer = waitMs !== null && waitMs < TIMER_MAX_MS ? setTimeout(() => passed.abort(), waitMs) : undefined
  return { signal: passed.signal, [Symbol.dispose]: () => clearTimeout(timer) }
}

async function makeChunk(app: ChunkRunner, part: Part): Promise<void> {
  const { chunk, order, signal, renderersMax } = part
  const taken = new Set<number>()
  for (let afterId = chunk.fromItemId - 1, isLast = false; !isLast; ) {
    const found = await findWork(app.pg, order, { afterId, toId: chunk.toItemId, limit: FOUND_MAX })
    for (const itemId of await makeItems(app, {
      order,
      work: found,
      signal,
      renderersMax,
      afterRecord: countIn(chunk),
    }))
      taken.add(itemId)
    isLast = found.length < FOUND_MAX
    afterId = found.at(-1)?.itemId ?? afterId
  }
  // Items that a request was making: made by now, or still to be made here. Rare, so one by one.
  for (const itemId of taken) await waitForItem(app, { ...part, itemId })
}

/** Aborts as soon as the backfill is paused or cancelled, without waiting for a batch of slow renders. */
function watchHalts(app: ChunkRunner, backfillId: number): { signal: AbortSignal; close: () => void } {
  const halted = new AbortController()
  const closed = new AbortController()
  const watch = async () => {
    for await (const _ of app.events.follow(HALT_CHANNEL, String(backfillId), closed.signal))
      if (!(await isOpen(app.pg, backfillId))) return halted.abort()
  }
  // A failed check means that the database is unavailable, which the next write reports.
  watch().catch(() => {})
  return { signal: halted.signal, close: () => closed.abort() }
}

interface Part {
  readonly chunk: {
    readonly id: number
    readonly backfillId: number
    readonly fromItemId: number
    readonly toItemId: number
  }
  readonly order: WorkOrder
  readonly signal: AbortSignal
  /** Undefined: all of this process. */
  readonly renderersMax: number | undefined
}

/** Updates the chunk's counts in the transaction that records the results, so that they are correct after a crash. */
const countIn =
  (chunk: Part['chunk']): AfterRecord =>
  async (client, results) => {
    await COUNT_CHUNK.run(client, { id: chunk.id, ...countResults(results) })
    await notify(client, BACKFILL_CHANNEL, String(chunk.backfillId))
  }

const COUNT_CHUNK = statement({
  name: 'count-chunk',
  isPrepared: true,
  text: `update backfill_chunk set done_items = done_items + :done, failed_items = failed_items + :failed,
           images_made = images_made + :images, bytes_written = bytes_written + :bytes, updated_at = now()
         where id = :id`,
  parameters: { id: 'int4', done: 'int4', failed: 'int4', images: 'int4', bytes: 'int8' },
})

/** Locks one item, waiting for its current holder, then makes what is still missing. */
async function waitForItem(app: ChunkRunner, part: Part & { itemId: number }): Promise<void> {
  const { itemId, order, chunk, signal } = part
  for (let isTaken = true; isTaken && !signal.aborted; ) {
    const work = await findWork(app.pg, order, { afterId: itemId - 1, toId: itemId, limit: 1 })
    const items = { order, work, signal, afterRecord: countIn(chunk) }
    isTaken = work.length > 0 && (await makeItems(app, items)).length > 0
    if (isTaken) await delay(POLL_EVERY_MS)
  }
}

/** Work done by others since the plan counts as done; items added since are added to the total. */
async function finishChunk(app: ChunkRunner, chunk: Part['chunk']): Promise<void> {
  await inTransaction(app.pg, async (client) => {
    await FINISH_CHUNK.run(client, { id: chunk.id })
    await createChunks(client, app, chunk.backfillId)
    await finishIfDone(client, chunk.backfillId)
  })
}

const FINISH_CHUNK = statement({
  name: 'finish-chunk',
  text: `
    update backfill_chunk set status = 'DONE', updated_at = now(),
      total_items = greatest(total_items, done_items + failed_items),
      done_items = greatest(total_items, done_items + failed_items) - failed_items
    where id = :id`,
  parameters: { id: 'int4' },
})

/** Marks a chunk as failed after the queue's last attempt: the backfill ends as FAILED, with the reason. */
export async function abandonChunk(app: ChunkRunner, chunkId: number, reason: string): Promise<void> {
  await inTransaction(app.pg, async (client) => {
    const failing = query.updateTable('backfill_chunk').set({ status: 'FAILED', error: reason })
    const failed = await fetchFirst(
      client,
      failing.where('id', '=', chunkId).where('status', '=', 'PENDING').returning('backfill_id as backfillId'),
    )
    if (!failed) return
    await createChunks(client, app, failed.backfillId)
    await finishIfDone(client, failed.backfillId)
  })
}

async function isOpen(pg: Pg, backfillId: number): Promise<boolean> {
  const backfill = query.selectFrom('backfill').where('id', '=', backfillId)
  return (await execute(pg, backfill.where('status', 'in', ['PLANNING', 'RUNNING']))) > 0
}

// By the clock of the database, which also pauses it: by one that is ahead, the chunk would end without being queued again.
const READ_REMAINING = statement({
  name: 'read-remaining-of-backfill',
  text: `select (extract(epoch from not_after - now()) * 1000)::float8 as ms from backfill where id = :backfillId`,
  parameters: { backfillId: 'int4' },
  columns: { ms: 'float8?' },
})
