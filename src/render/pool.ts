import { AppError } from '../core/errors.ts'
import { createLanes } from '../core/lanes.ts'
import { createVendorCosts, SLOW_MS } from '../core/vendor-costs.ts'
import { createClock } from './clock.ts'
import type { PoolOptions, PoolStats, RenderPool } from './contract.ts'
import * as errors from './errors.ts'
import type { FromChild } from './messages.ts'
import { observeRender } from './observe-render.ts'
import { composeWithOtherEngine, withOtherEngine } from './other-engine.ts'
import { openRenderers, RSS_MAX_BYTES } from './renderers.ts'
import { asSlow, composeTask, type RendererProcess, renderTask, sendTo, type Task, vendorOf } from './tasks.ts'
import { createTurns, TURN_MS } from './turns.ts'

/** A renderer that holds this much memory between two renders is replaced. */
const RSS_RECYCLE_BYTES = 300e6

/** Opens a pool of renderer processes. They start immediately and are replaced when they exit. */
export function openRenderPool(options: PoolOptions): RenderPool {
  const { size, waitingMax, recycleAfter = 10_000 } = options
  const lanes = createLanes<Task>(size)
  const costs = createVendorCosts()
  const stats: PoolStats = { renders: 0, failures: 0, waiting: 0, busy: 0 }
  const clock = createClock({
    onTimeout(renderer, task) {
      costs.record(vendorOf(task), task.options.cpuLimitMs)
      fail(interrupt(renderer, 'timeout'), errors.timedOut(task))
    },
    onCheck: considerSlow,
  })
  const renderers = openRenderers(options, {
    onMessage,
    onExit,
    onTooLarge(renderer) {
      fail(interrupt(renderer, 'memory'), errors.tooLarge(RSS_MAX_BYTES))
    },
    isEnding: () => isKilled || closing !== null,
  })
  const turns = createTurns(dispatch)
  let atOnce = size
  let closing: (() => void) | null = null
  let isKilled = false

  for (let index = 0; index < size; index++) renderers.start()

  function onMessage(renderer: RendererProcess, message: FromChild): void {
    const { task } = renderer
    if (message.kind === 'normalised') {
      if (task) task.warnings = message.warnings
    } else if (message.kind === 'ready') {
      renderers.markReady(renderer)
      renderer.cpuFromMs = message.cpuMs
    } else if (message.kind === 'drawing') {
      if (task) task.cell = message.cell
      if (task) clock.start(renderer, task, message.cpuMs)
    } else {
      const usedMs = message.cpuMs - renderer.cpuFromMs
      renderer.cpuFromMs = message.cpuMs
      finish(renderer)
      if (task) settle(task, { message, usedMs })
      // Work that was sent ahead must not begin in a renderer that is about to be replaced.
      if (renderer.renders >= recycleAfter || message.rssBytes > RSS_RECYCLE_BYTES) retire(renderer, 'recycled')
      else if (renderer.next) begin(renderer, renderer.next)
      renderer.next = null
    }
    dispatch()
  }

  function settle(task: Task, { message, usedMs }: { message: FromChild; usedMs: number }): void {
    costs.record(vendorOf(task), usedMs)
    lanes.charge(task.entry.path, usedMs - task.charged)
    observeRender(message, usedMs)
    if (message.kind === 'failed') fail(task, new AppError(message.code, message.message))
    else task.resolve(message, usedMs)
  }

  /**
   * Moves quick work that takes long to the slow lane: it keeps running if that lane has room, and starts again later if
   * others wait. A vendor that holds every renderer while another one waits gives one back much earlier.
   */
  function considerSlow(renderer: RendererProcess, task: Task, usedMs: number): void {
    const vendor = vendorOf(task)
    if (usedMs < SLOW_MS) {
      if (usedMs < TURN_MS || atOnce === 1 || leftBy(vendor) > 0 || !lanes.othersWait(vendor)) return
      interrupt(renderer, 'preempted')
      lanes.charge(task.entry.path, usedMs - task.charged)
      lanes.unshift(task.entry, task)
      turns.end(vendor)
    } else if (slowBusy() < lanes.slowMax) {
      asSlow(task)
      costs.record(vendor, usedMs)
      task.options.onSlow?.()
    } else if (lanes.waiting('quick') > 0 || renderer.next) {
      interrupt(renderer, 'preempted')
      costs.record(vendor, usedMs)
      if (task.options.onSlow?.() === false) fail(task, errors.tooSlow())
      else lanes.push(asSlow(task), task)
    }
    dispatch()
  }

  function onExit(renderer: RendererProcess, signal: NodeJS.Signals | null): void {
    takeBack(renderer)
    if (isKilled) failWaiting(errors.shuttingDown)
    fail(finish(renderer), isKilled ? errors.shuttingDown() : errors.errorOfExit(renderer.stderr, signal))
    if (isKilled || (closing && lanes.waiting() === 0)) return void closing?.()
    if (renderers.replace(renderer)) failWaiting(() => errors.notStarting(renderer.stderr))
    if (renderers.failToStart) closing?.()
  }

  function failWaiting(reason: () => AppError): void {
    for (let task = lanes.shift(0); task; task = lanes.shift(0)) fail(task, reason())
  }

  const busy = (counts: (task: Task) => boolean) => [...renderers].filter(({ task }) => task && counts(task)).length
  const slowBusy = () => busy((task) => task.entry.lane === 'slow')
  const leftBy = (vendor: string) => atOnce - busy((task) => vendorOf(task) === vendor)
  const mayTake = (vendor: string) => !turns.has(vendor) || leftBy(vendor) > 1

  function dispatch(): void {
    for (const renderer of renderers) {
      if (!renderer.ready || renderer.task) continue
      const task = busy(() => true) < atOnce ? nextTask() : null
      if (!task) break
      hand(renderer, task)
      begin(renderer, task)
    }
    // Sent ahead only with a long queue: a lone request must not wait behind one renderer while another becomes idle.
    for (const renderer of renderers) {
      if (lanes.waiting('quick') < size || atOnce < size || turns.any) break
      if (
        !renderer.ready ||
        renderer.next ||
        renderer.renders + 1 >= recycleAfter ||
        !costs.isQuick(renderer.task?.entry)
      )
        continue
      renderer.next = lanes.shift(Number.POSITIVE_INFINITY) ?? null
      if (renderer.next) hand(renderer, renderer.next)
    }
    Object.assign(stats, { waiting: lanes.waiting(), busy: busy(() => true) })
  }

  /** Work that was queued before its vendor turned out slow moves to the slow lane. */
  function nextTask(): Task | undefined {
    for (let task = lanes.shift(slowBusy(), mayTake); task; task = lanes.shift(slowBusy(), mayTake)) {
      if (task.entry.lane === 'slow' || !costs.isSlow(vendorOf(task)) || slowBusy() < lanes.slowMax) return task
      if (task.options.onSlow?.() === false) fail(task, errors.tooSlow())
      else lanes.push(asSlow(task), task)
    }
    return undefined
  }

  function hand(renderer: RendererProcess, task: Task): void {
    // An estimate until it has ended, so that a burst from one vendor does not start all at once.
    task.charged = costs.expect(vendorOf(task)) ?? 0
    lanes.charge(task.entry.path, task.charged)
    sendTo(renderer.child, task.message)
  }

  function begin(renderer: RendererProcess, task: Task): void {
    renderer.task = task
    renderer.renders++
    stats.renders++
    clock.start(renderer, task, renderer.cpuFromMs)
  }

  /** Ends a renderer that is stuck, or idle and due for replacement; another one starts when it has exited. */
  function retire(renderer: RendererProcess, cause: RendererProcess['endedBy']): void {
    Object.assign(renderer, { ready: false, endedBy: cause })
    takeBack(renderer)
    renderer.child.kill('SIGKILL')
  }

  /** Returns work that was sent ahead but had not begun to the front of its queue: it did not cause the exit. */
  function takeBack(renderer: RendererProcess): void {
    if (renderer.next) lanes.unshift(renderer.next.entry, renderer.next)
    renderer.next = null
  }

  function finish(renderer: RendererProcess): Task | null {
    const task = renderer.task
    clock.stop(renderer)
    renderer.task = null
    if (closing) queueMicrotask(closing)
    return task
  }

  const interrupt = (renderer: RendererProcess, cause: RendererProcess['endedBy']) => {
    retire(renderer, cause)
    return finish(renderer)
  }

  function fail(task: Task | null, error: AppError): void {
    if (!task) return
    stats.failures++
    task.reject(errors.withWarnings(error, task.warnings ?? []))
  }

  function enter<T>(signal: AbortSignal | undefined, taskOf: (settle: PromiseWithResolvers<T>) => Task): Promise<T> {
    if (closing || isKilled) return Promise.reject(errors.shuttingDown())
    if (renderers.failToStart) return Promise.reject(errors.notStarting('see the log'))
    if (lanes.waiting() >= waitingMax) return Promise.reject(errors.queueIsFull(size, waitingMax))
    const settle = Promise.withResolvers<T>()
    const task = taskOf(settle)
    const onAbort = () => lanes.remove(task.entry, task) && task.reject(errors.requestAborted())
    signal?.addEventListener('abort', onAbort, { once: true })
    lanes.push(task.entry, task)
    dispatch()
    return settle.promise.finally(() => signal?.removeEventListener('abort', onAbort))
  }

  return {
    size,
    stats,
    get pids() {
      return [...renderers].flatMap(({ pid }) => pid ?? [])
    },
    render: (svg, variants, call) =>
      withOtherEngine((otherEngine) =>
        enter(call.signal, (settle) => renderTask({ svg, variants, otherEngine, options: call }, settle)),
      ),
    compose: (wanted, call) =>
      composeWithOtherEngine(wanted, (order) =>
        enter(call.signal, (settle) => composeTask({ order, options: call }, settle)),
      ),
    isSlowVendor: costs.isSlow,
    limit(renderers) {
      atOnce = renderers
      dispatch()
    },
    kill() {
      isKilled = true
      for (const { child } of renderers) child.kill('SIGKILL')
    },
    close() {
      return new Promise((resolve) => {
        closing = () => {
          if (lanes.waiting() > 0) return
          for (const { task, next, child } of renderers) if (!task && !next) child.kill('SIGKILL')
          if (renderers.size > 0) return
          renderers.close()
          resolve()
        }
        closing()
      })
    },
  }
}
