import { AppError } from '../errors.ts'
import { log } from '../log.ts'
import type { Presets } from '../variant.ts'
import { deathOf, lineIsFull, notStarting, shuttingDown } from './deaths.ts'
import type { Composed, ComposeOrder, FromChild, Rendered, Want } from './messages.ts'
import { rssOf, spawnRenderer } from './spawn-renderer.ts'
import { composeTask, renderTask, type Slot, type Task, tell } from './tasks.ts'

const STDERR_KEPT = 2000
/** A renderer that dies this often before it is ready has no working library: say so instead of trying for ever. */
const FAILED_STARTS_MAX = 5
/** The demo stays below 250 MB; 16.8 megapixels are 67 MB a layer. More is an attack, and the renderer is killed. */
const RSS_MAX_BYTES = 512e6
/** A renderer that holds this much between two renders is replaced. */
const RSS_RECYCLE_BYTES = 300e6
const WATCH_EVERY_MS = 50

export interface RenderPool {
  readonly size: number
  /**
   * All wanted pictures of one source in one call. Rejects with the source's reason code (status 422), with BUSY when
   * the waiting line is full, or with UNAVAILABLE when renderers do not start.
   * @param limits.timeoutMs wall-clock from the moment a renderer takes it; then the renderer is killed
   */
  render(svg: Uint8Array, wants: readonly Want[], limits: { timeoutMs: number }): Promise<Rendered>
  /**
   * A picture of many sources in one call. What cannot be drawn is told instead, also the cell that a renderer was stuck
   * in or died of. Rejects as `render` does, without the sources' codes.
   * @param limits.cellTimeoutMs wall-clock for each cell, and for encoding
   */
  compose(order: ComposeOrder, limits: { cellTimeoutMs: number }): Promise<Composed>
  readonly stats: PoolStats
  /** Of the living renderers. */
  readonly pids: readonly number[]
  /** From now on at most so many renderers are given work at once; what is in flight ends. */
  limit(renderers: number): void
  /** Refuses new renders, lets those in flight end, then stops the children. */
  close(): Promise<void>
  /** Kills what is in flight and all that waits: it rejects with BUSY, which is no failure of its source. */
  cut(): void
}

export interface PoolStats {
  /** Renders that were given to a renderer, and those of them that ended in no picture. */
  renders: number
  failures: number
  waiting: number
}

export interface PoolOptions {
  readonly presets: Presets
  readonly size: number
  /** Renders that may wait for a renderer before BUSY. */
  readonly waitingMax: number
  /** A renderer is replaced after so many renders: native libraries leak a little. */
  readonly recycleAfter?: number
}

/** Opens a pool of renderer processes. They start at once and are replaced when they die. */
export function openRenderPool(options: PoolOptions): RenderPool {
  const { size, waitingMax, recycleAfter = 2000 } = options
  const presets = [...options.presets.values()]
  const slots = new Set<Slot>()
  const line: Task[] = []
  const stats: PoolStats = { renders: 0, failures: 0, waiting: 0 }
  let failedStarts = 0
  let atOnce = size
  let closing: (() => void) | null = null
  let isCut = false

  for (let index = 0; index < size; index++) start()

  function start(): void {
    const child = spawnRenderer({ memoryMaxBytes: RSS_MAX_BYTES })
    const slot: Slot = { child, ready: false, task: null, next: null, timer: undefined, renders: 0, stderr: '' }
    slots.add(slot)
    child.stderr?.on('data', (text) => {
      slot.stderr = (slot.stderr + text).slice(-STDERR_KEPT)
    })
    child.on('message', (message: FromChild) => onMessage(slot, message))
    child.on('error', (error) => {
      slot.stderr += error.message
    })
    child.once('close', (_code, signal) => onExit(slot, signal))
    tell(child, { kind: 'presets', presets })
  }

  function onMessage(slot: Slot, message: FromChild): void {
    if (message.kind === 'ready') {
      slot.ready = true
      failedStarts = 0
    } else if (message.kind === 'drawing') {
      if (slot.task) startClock(slot, { ...message, task: slot.task })
      return
    } else {
      const task = finish(slot)
      if (message.kind === 'failed') fail(task, new AppError(message.code, message.message))
      else task?.resolve(message)
      if (slot.next) begin(slot, slot.next)
      slot.next = null
      if (slot.renders >= recycleAfter || message.rssBytes > RSS_RECYCLE_BYTES) {
        retire(slot)
      }
    }
    dispatch()
  }

  function onExit(slot: Slot, signal: NodeJS.Signals | null): void {
    slots.delete(slot)
    const wasReady = slot.ready || slot.renders > 0
    takeBack(slot)
    if (isCut) for (const task of line.splice(0)) fail(task, shuttingDown())
    fail(finish(slot), isCut ? shuttingDown() : deathOf(slot.stderr, signal))
    if (isCut || (closing && line.length === 0)) {
      closing?.()
      return
    }
    if (!wasReady && ++failedStarts >= FAILED_STARTS_MAX) {
      log.error('renderers do not start', { stderr: slot.stderr })
      for (const task of line.splice(0)) fail(task, notStarting(slot.stderr))
      closing?.()
      // One more try now and then: a full disk or a missing memory page may pass.
      setTimeout(start, 5000).unref()
      return
    }
    start()
  }

  function dispatch(): void {
    const isFull = () => [...slots].filter(({ task }) => task).length >= atOnce
    for (const slot of slots) {
      if (!slot.ready || slot.task) continue
      const task = isFull() ? null : line.shift()
      if (!task) break
      hand(slot, task)
      begin(slot, task)
    }
    // Only where the line is long: a lone request must not stand behind one renderer while another falls idle.
    for (const slot of slots) {
      if (line.length < size || atOnce < size || !slot.ready || slot.next || slot.renders + 1 >= recycleAfter) continue
      slot.next = line.shift() ?? null
      if (slot.next) hand(slot, slot.next)
    }
    stats.waiting = line.length
  }

  const hand = (slot: Slot, { message }: Task) => tell(slot.child, message)

  function begin(slot: Slot, task: Task): void {
    slot.task = task
    slot.renders++
    stats.renders++
    startClock(slot, { task, cell: null })
  }

  /** Anew for each cell of a composite. */
  function startClock(slot: Slot, { task, cell }: { task: Task; cell: number | null }): void {
    task.cell = cell
    clearTimeout(slot.timer)
    slot.timer = setTimeout(() => {
      fail(finish(slot), new AppError('TIMEOUT', `The render took longer than ${task.timeoutMs} ms.`))
      retire(slot)
    }, task.timeoutMs)
  }

  /** Ends a renderer that is stuck, or idle and spent; another one takes its place when it is gone. */
  function retire(slot: Slot): void {
    slot.ready = false
    takeBack(slot)
    slot.child.kill('SIGKILL')
  }

  /** What a renderer was handed and did not begin goes to the front of the line: it is not to blame. */
  function takeBack(slot: Slot): void {
    if (slot.next) line.unshift(slot.next)
    slot.next = null
  }

  /** Memory is bounded twice: the kernel refuses a sudden gigabyte (see spawn-renderer.ts), this catches what creeps. */
  const watch = setInterval(async () => {
    for (const slot of slots) {
      const task = slot.task
      if (!task || (await rssOf(slot.child.pid)) <= RSS_MAX_BYTES || slot.task !== task) continue
      fail(finish(slot), new AppError('OUT_OF_MEMORY', `The render took more than ${RSS_MAX_BYTES / 1e6} MB.`))
      retire(slot)
    }
  }, WATCH_EVERY_MS)
  watch.unref()

  function finish(slot: Slot): Task | null {
    const task = slot.task
    clearTimeout(slot.timer)
    slot.task = null
    if (closing) queueMicrotask(closing)
    return task
  }

  function fail(task: Task | null, error: AppError): void {
    if (!task) return
    stats.failures++
    task.reject(error)
  }

  function enter<T>(taskOf: (settle: PromiseWithResolvers<T>) => Task): Promise<T> {
    if (closing || isCut) return Promise.reject(shuttingDown())
    if (failedStarts >= FAILED_STARTS_MAX) return Promise.reject(notStarting('see the log'))
    if (line.length >= waitingMax) return Promise.reject(lineIsFull(size, waitingMax))
    const settle = Promise.withResolvers<T>()
    line.push(taskOf(settle))
    dispatch()
    return settle.promise
  }

  return {
    size,
    stats,
    get pids() {
      return [...slots].flatMap(({ child }) => child.pid ?? [])
    },
    render: (svg, wants, { timeoutMs }) => enter((settle) => renderTask({ svg, wants, timeoutMs }, settle)),
    compose: (order, { cellTimeoutMs }) => enter((settle) => composeTask({ order, timeoutMs: cellTimeoutMs }, settle)),
    limit(renderers) {
      atOnce = renderers
      dispatch()
    },
    cut() {
      isCut = true
      for (const { child } of slots) child.kill('SIGKILL')
    },
    close() {
      return new Promise((resolve) => {
        closing = () => {
          if (line.length > 0) return
          for (const { task, next, child } of slots) if (!task && !next) child.kill('SIGKILL')
          if (slots.size > 0) return
          clearInterval(watch)
          resolve()
        }
        closing()
      })
    },
  }
}
