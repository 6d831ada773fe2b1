import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import { countJobs, enqueue } from '../jobs/enqueue.ts'
import { hasAnyWorker } from '../jobs/workers.ts'

/** A page requests dozens of items at once: one job for all of them. */
const COLLECT_MS = 200
const ITEMS_PER_JOB = 100
/** With more queued jobs than this, later requests make their pictures themselves. */
const JOBS_MAX = 500
/** The same item is queued for pages at most once a minute; this many items are remembered. */
const PAGE_AGAIN_MS = 60_000
const REMEMBERED_MAX = 50_000
/** Items of pages, and of requests, waiting to be queued; any more are made on their first request. */
const PAGE_ITEMS_MAX = 5000
const REQUEST_ITEMS_MAX = 20_000

export interface WarmQueue {
  /** Queues an item whose first picture a request has made, once no viewer waits. Never throws or blocks. */
  add(itemId: number): void
  /** Queues an item that a request found too slow: its viewer waits for a worker to make it. Never throws or blocks. */
  addAwaited(itemId: number): void
  /** Queues an item whose URLs a page has received, once no viewer waits, after everything that somebody waits for. Never throws or blocks. */
  addPage(itemId: number): void
  /** Queues everything collected so far. */
  close(): Promise<void>
}

/**
 * Has workers make what items lack, ahead of any backfill; no jobs are queued if there is no live worker. While this process makes pictures
 * for viewers without a pause, it queues nothing that nobody waits for: workers on the same machine would take a third of it.
 * @param options.warmPages whether pages are warmed before the browser requests pictures
 * @param options.isBusy whether a picture is being made for a viewer
 */
export function openWarmQueue(pg: Pg, { warmPages, isBusy }: { warmPages: boolean; isBusy: () => boolean }): WarmQueue {
  const awaited = new Set<number>()
  const ofRequests = new Set<number>()
  const ofPages = new Set<number>()
  /** When each item was last queued by a page, oldest first. */
  const printedAt = new Map<number, number>()
  let timer: NodeJS.Timeout | null = null
  let flushing = Promise.resolve()
  let isClosing = false

  async function flush(): Promise<void> {
    timer = null
    await queue(awaited, (itemIds) => enqueue(pg, 'make_rest', { itemIds }))
    if (isBusy() && !isClosing) return flushLater()
    await queue(ofRequests, (itemIds) => enqueue(pg, 'make_rest', { itemIds }))
    await queue(ofPages, (itemIds) => enqueue(pg, 'warm_page', { itemIds }))
  }

  async function queue(items: Set<number>, add: (itemIds: number[]) => Promise<void>): Promise<void> {
    const itemIds = [...items]
    items.clear()
    for (let from = 0; from < itemIds.length; from += ITEMS_PER_JOB) {
      try {
        if (await isWanted()) await add(itemIds.slice(from, from + ITEMS_PER_JOB))
      } catch (error) {
        logFailure('items could not be queued for warming', error)
      }
    }
  }

  const isWanted = async () => (await hasAnyWorker(pg)) && (await countJobs(pg, null, JOBS_MAX)) < JOBS_MAX

  /** Runs after the previous one, so that closing waits for both. */
  function startFlush(): void {
    flushing = flushing.then(flush)
  }

  function flushLater(): void {
    if (awaited.size + ofRequests.size + ofPages.size > 0) timer ??= setTimeout(startFlush, COLLECT_MS)
  }

  function collect(items: Set<number>, itemId: number): void {
    items.add(itemId)
    flushLater()
  }

  return {
    add(itemId) {
      if (ofRequests.size < REQUEST_ITEMS_MAX) collect(ofRequests, itemId)
    },
    addAwaited: (itemId) => collect(awaited, itemId),
    addPage(itemId) {
      if (!warmPages || ofPages.size >= PAGE_ITEMS_MAX) return
      const now = performance.now()
      if (now - (printedAt.get(itemId) ?? Number.NEGATIVE_INFINITY) < PAGE_AGAIN_MS) return
      printedAt.delete(itemId)
      printedAt.set(itemId, now)
      const [oldest] = printedAt.keys()
      if (printedAt.size > REMEMBERED_MAX && oldest !== undefined) printedAt.delete(oldest)
      collect(ofPages, itemId)
    },
    async close() {
      isClosing = true
      if (timer) {
        clearTimeout(timer)
        startFlush()
      }
      await flushing
    },
  }
}
