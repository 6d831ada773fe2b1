import { AppError } from '../core/errors.ts'
import { log } from '../core/log.ts'
import type { Presets } from '../core/variant.ts'
import { deathOf, lineIsFull, notStarting, shuttingDown } from './deaths.ts'
import type { Composed, ComposeOrder, FromChild, Rendered, VariantSpec } from './messages.ts'
import { rssOf, spawnRenderer } from './spawn-renderer.ts'
import { composeTask, type RendererProcess, rendererOf, renderTask, type Task, tell } from './tasks.ts'

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
  render(svg: Uint8Array, variants: readonly VariantSpec[], limits: { timeoutMs: number }): Promise<Rendered>
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
  const renderers = new Set<RendererProcess>()
  const line: Task[] = []
  const stats: PoolStats = { renders: 0, failures: 0, waiting: 0 }
  let failedStarts = 0
  let atOnce = size
  let closing: (() => void) | null = null
  let isCut = false

  for (let index = 0; index < size; index++) start()

  function start(): void {
    const child = spawnRenderer({ memoryMaxBytes: RSS_MAX_BYTES })
    const renderer = rendererOf(child)
    renderers.add(renderer)
    child.stderr?.on('data', (text) => {
      renderer.stderr = (renderer.stderr + text).slice(-STDERR_KEPT)
    })
    child.on('message', (message: FromChild) => onMessage(renderer, message))
    child.on('error', (error) => {
      renderer.stderr += error.message
    })
    child.once('close', (_code, signal) => onExit(renderer, signal))
    tell(child, { kind: 'presets', presets })
  }

  function onMessage(renderer: RendererProcess, message: FromChild): void {
    if (message.kind === 'ready') {
      renderer.ready = true
      failedStarts = 0
    } else if (message.kind === 'drawing') {
      if (renderer.task) startClock(renderer, { ...message, task: renderer.task })
      return
    } else {
      const task = finish(renderer)
      if (message.kind === 'failed') fail(task, new AppError(message.code, message.message))
      else task?.resolve(message)
      if (renderer.next) begin(renderer, renderer.next)
      renderer.next = null
      if (renderer.renders >= recycleAfter || message.rssBytes > RSS_RECYCLE_BYTES) {
        retire(renderer)
      }
    }
    dispatch()
  }

  function onExit(renderer: RendererProcess, signal: NodeJS.Signals | null): void {
    renderers.delete(renderer)
    const wasReady = renderer.ready || renderer.renders > 0
    takeBack(renderer)
    if (isCut) for (const task of line.splice(0)) fail(task, shuttingDown())
    fail(finish(renderer), isCut ? shuttingDown() : deathOf(renderer.stderr, signal))
    if (isCut || (closing && line.length === 0)) {
      closing?.()
      return
    }
    if (!wasReady && ++failedStarts >= FAILED_STARTS_MAX) {
      log.error('renderers do not start', { stderr: renderer.stderr })
      for (const task of line.splice(0)) fail(task, notStarting(renderer.stderr))
      closing?.()
      // One more try now and then: a full disk or a missing memory page may pass.
      setTimeout(start, 5000).unref()
      return
    }
    start()
  }

  function dispatch(): void {
    const isFull = () => [...renderers].filter(({ task }) => task).length >= atOnce
    for (const renderer of renderers) {
      if (!renderer.ready || renderer.task) continue
      const task = isFull() ? null : line.shift()
      if (!task) break
      hand(renderer, task)
      begin(renderer, task)
    }
    // Only where the line is long: a lone request must not stand behind one renderer while another falls idle.
    for (const renderer of renderers) {
      if (
        line.length < size ||
        atOnce < size ||
        !renderer.ready ||
        renderer.next ||
        renderer.renders + 1 >= recycleAfter
      )
        continue
      renderer.next = line.shift() ?? null
      if (renderer.next) hand(renderer, renderer.next)
    }
    stats.waiting = line.length
  }

  const hand = (renderer: RendererProcess, { message }: Task) => tell(renderer.child, message)

  function begin(renderer: RendererProcess, task: Task): void {
    renderer.task = task
    renderer.renders++
    stats.renders++
    startClock(renderer, { task, cell: null })
  }

  /** Anew for each cell of a composite. */
  function startClock(renderer: RendererProcess, { task, cell }: { task: Task; cell: number | null }): void {
    task.cell = cell
    clearTimeout(renderer.timer)
    renderer.timer = setTimeout(() => {
      fail(finish(renderer), new AppError('TIMEOUT', `The render took longer than ${task.timeoutMs} ms.`))
      retire(renderer)
    }, task.timeoutMs)
  }

  /** Ends a renderer that is stuck, or idle and spent; another one takes its place when it is gone. */
  function retire(renderer: RendererProcess): void {
    renderer.ready = false
    takeBack(renderer)
    renderer.child.kill('SIGKILL')
  }

  /** What a renderer was handed and did not begin goes to the front of the line: it is not to blame. */
  function takeBack(renderer: RendererProcess): void {
    if (renderer.next) line.unshift(renderer.next)
    renderer.next = null
  }

  /** Memory is bounded twice: the kernel refuses a sudden gigabyte (see spawn-renderer.ts), this catches what creeps. */
  async function retireLarge(): Promise<void> {
    for (const renderer of renderers) {
      const task = renderer.task
      if (!task || (await rssOf(renderer.child.pid)) <= RSS_MAX_BYTES || renderer.task !== task) continue
      fail(finish(renderer), new AppError('OUT_OF_MEMORY', `The render took more than ${RSS_MAX_BYTES / 1e6} MB.`))
      retire(renderer)
    }
  }
  const watch = setInterval(() => void retireLarge(), WATCH_EVERY_MS).unref()

  function finish(renderer: RendererProcess): Task | null {
    const task = renderer.task
    clearTimeout(renderer.timer)
    renderer.task = null
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
      return [...renderers].flatMap(({ child }) => child.pid ?? [])
    },
    render: (svg, variants, { timeoutMs }) => enter((settle) => renderTask({ svg, variants, timeoutMs }, settle)),
    compose: (order, { cellTimeoutMs }) => enter((settle) => composeTask({ order, timeoutMs: cellTimeoutMs }, settle)),
    limit(renderers) {
      atOnce = renderers
      dispatch()
    },
    cut() {
      isCut = true
      for (const { child } of renderers) child.kill('SIGKILL')
    },
    close() {
      return new Promise((resolve) => {
        closing = () => {
          if (line.length > 0) return
          for (const { task, next, child } of renderers) if (!task && !next) child.kill('SIGKILL')
          if (renderers.size > 0) return
          clearInterval(watch)
          resolve()
        }
        closing()
      })
    },
  }
}
