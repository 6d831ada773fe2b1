import type { PoolClient } from 'pg'
import { isSourceFailure } from '../core/errors.ts'
import { mapConcurrent } from '../core/map-concurrent.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { lockItems } from '../db/locks.ts'
import { inStage } from '../telemetry/stage.ts'
import { type CopySource, copyVariants, findCopySources } from './copies.ts'
import { findWork, type Work, type WorkOrder } from './find-missing.ts'
import { makeVariants, type RenderDeps, sourcePathOf } from './make.ts'
import { type FailedItem, type RenderedItem, type Results, recordResults } from './record.ts'
import { type CopiedImage, recordCopies } from './record-copies.ts'

/** Only this limit makes a source's failure final; a viewer's limit is shorter. */
const CPU_LIMIT_MS = 20_000
/** Items that are locked together. */
const SLICE_ITEMS = 24
/** So that one slow item does not delay the following slices. */
const SLICES_AT_ONCE = 2
/** Concurrent items of each slice: an item spends more time on its way from and to S3 than in a renderer. */
const ITEMS_PER_RENDERER = 2
/** Results are recorded after this time, not at a slice's end: viewers find them, and a crash repeats less. */
const RECORD_EVERY_MS = 1000

/** Runs in the transaction that records results. */
export type AfterRecord = (client: PoolClient, results: Results) => Promise<void>

interface Order {
  readonly order: WorkOrder
  readonly work: readonly Work[]
  readonly signal: AbortSignal
  /** Items that are rendered at the same time at most; undefined: as many as keep the renderers busy. */
  readonly renderersMax?: number | undefined
  readonly afterRecord?: AfterRecord | undefined
}

/**
 * Makes what items lack, by copying or rendering: locks them slice by slice, items known to be slow last, and records results every second. Stops taking items
 * when `signal` aborts. Throws errors of a store or the database after recording everything made until then. Returns the items that
 * another process has locked.
 */
export async function makeItems(app: RenderDeps & { readonly pg: Pg }, { work, ...order }: Order): Promise<number[]> {
  const taken: number[] = []
  const { quick = [], slow = [] } = Object.groupBy(work, ({ isSlow }) => (isSlow ? 'slow' : 'quick'))
  const slicesAtOnce = order.renderersMax === undefined ? SLICES_AT_ONCE : 1
  await mapConcurrent([...slicesOf(quick), ...slicesOf(slow)], slicesAtOnce, async (slice) => {
    if (!order.signal.aborted) taken.push(...(await makeSlice(app, { ...order, work: slice })))
  })
  return taken
}

function* slicesOf(work: readonly Work[]): Iterable<readonly Work[]> {
  for (let from = 0; from < work.length; from += SLICE_ITEMS) yield work.slice(from, from + SLICE_ITEMS)
}

async function makeSlice(app: RenderDeps & { readonly pg: Pg }, slice: Order): Promise<number[]> {
  const ids = slice.work.map((item) => item.itemId)
  await using locks = await inStage('lock', () => lockItems(app.pg, ids))
  const recorder = openRecorder(app.pg, slice.afterRecord)
  try {
    // Checked again under the lock: a request may have made one since.
    const range = { afterId: 0, toId: Math.max(...ids), limit: ids.length, only: locks.held }
    const work = locks.held.length > 0 ? await findWork(app.pg, slice.order, range) : []
    // Mode ALL renders everything again.
    const sources = slice.order.mode === 'ALL' ? [] : await findCopySources(app.pg, app, work)
    await makeAll(app, { ...slice, work, sources }, recorder)
  } finally {
    await recorder.close()
  }
  return ids.filter((id) => !locks.held.includes(id))
}

/** Every item, with more at once than there are renderers, so that reading and storing overlap with rendering. */
async function makeAll(
  app: RenderDeps,
  { order, work, sources, signal, renderersMax }: Order & { readonly sources: readonly CopySource[] },
  recorder: Recorder,
): Promise<void> {
  const make = async (item: Work) => {
    if (signal.aborted) return
    const { itemId, sourceHash, isSlow } = item
    const { copied, missing: variants } = await copyVariants(app, { work: item, sources })
    recorder.add({ copied })
    if (variants.length === 0) return
    try {
      const path = [sourcePathOf(item).vendor, 'worker']
      const replace = order.mode === 'ALL'
      recorder.add({
        made: (await makeVariants(app, item, { variants, cpuLimitMs: CPU_LIMIT_MS, path, isSlow, replace })).item,
      })
    } catch (error) {
      if (isSourceFailure(error)) recorder.add({ failed: { itemId, sourceHash, error, backfillId: order.backfillId } })
      // Renders that are killed when the worker stops are left to the next one.
      else if (!signal.aborted) throw error
    }
  }
  await mapConcurrent(work, renderersMax ?? app.pool.size * ITEMS_PER_RENDERER, make)
}

interface Recorder {
  add(result: { made: RenderedItem } | { failed: FailedItem } | { copied: readonly CopiedImage[] }): void
  /** Records the rest. Throws errors of any recording since it was opened. */
  close(): Promise<void>
}

const noResults = () => ({ made: [] as RenderedItem[], failures: [] as FailedItem[], copied: [] as CopiedImage[] })

function openRecorder(pg: Pg, afterRecord: AfterRecord | undefined): Recorder {
  let results = noResults()
  let recording = Promise.resolve()

  async function record(): Promise<void> {
    const { copied, made, failures } = results
    results = noResults()
    // Each locks the families of its events until its commit: in one transaction they could deadlock with another process.
    if (copied.length > 0)
      await inTransaction(pg, async (client) => {
        await recordCopies(client, copied)
        await afterRecord?.(client, { ...noResults(), copied })
      })
    if (made.length === 0 && failures.length === 0) return
    const recordAll = () =>
      inTransaction(pg, async (client) => {
        await recordResults(client, { made, failures })
        await afterRecord?.(client, { ...noResults(), made, failures })
      })
    await inStage('record', recordAll)
  }
  const recordNext = () => {
    recording = recording.then(record)
    recording.catch(() => {})
    return recording
  }
  const timer = setInterval(() => void recordNext(), RECORD_EVERY_MS)

  return {
    add(result) {
      if ('made' in result) results.made.push(result.made)
      else if ('failed' in result) results.failures.push(result.failed)
      else results.copied.push(...result.copied)
    },
    close() {
      clearInterval(timer)
      return recordNext()
    },
  }
}
