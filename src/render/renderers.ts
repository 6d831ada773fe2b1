import { log } from '../core/log.ts'
import { rendererRestarts } from '../telemetry/metrics.ts'
import type { PoolOptions } from './contract.ts'
import type { FromChild } from './messages.ts'
import { findSandbox, type Sandbox } from './sandbox.ts'
import { pidOf, rssOf, spawnRenderer } from './spawn-renderer.ts'
import { type RendererProcess, rendererOf, sendTo, type Task } from './tasks.ts'

const STDERR_KEPT = 2000
/** Said by an unshare (2.38 at least) whose renderer was killed: it ends itself with the same signal, but fails to prepare for this one. */
const KILLED_BEHIND_PARENT = /^unshare: sigprocmask unblock failed/m
/** A renderer that exits this often before it is ready cannot work: report that instead of retrying for ever. */
const FAILED_STARTS_MAX = 5
/** Retried now and then: a full disk or a lack of memory may be temporary. */
const START_AGAIN_MS = 5000
/** The demo stays below 250 MB; 16.8 megapixels are 67 MB a layer. A renderer that uses more is probably under attack and is killed. */
export const RSS_MAX_BYTES = 512e6
const WATCH_EVERY_MS = 50
/** Spare renderers start once the others have started, so that they do not delay them. */
const SPARES_AFTER_MS = 3000

interface Events {
  readonly onMessage: (renderer: RendererProcess, message: Exclude<FromChild, { kind: 'fault' }>) => void
  /** Called after it has exited; its current task is still set. */
  readonly onExit: (renderer: RendererProcess, signal: NodeJS.Signals | null) => void
  /** Whether no renderer is needed any more. */
  readonly isEnding: () => boolean
  /** Its memory exceeds the limit during this task. */
  readonly onTooLarge: (renderer: RendererProcess, task: Task) => void
}

/** The live renderer processes. */
export interface Renderers extends Iterable<RendererProcess> {
  readonly size: number
  start(): void
  /** Replaces one that exited: immediately, or, if renderers fail to start, after a delay; true in that case. */
  replace(died: RendererProcess): boolean
  /** It answered: the native libraries work. */
  markReady(renderer: RendererProcess): void
  readonly failToStart: boolean
  /** Stops monitoring their memory. */
  close(): void
}

export function openRenderers(
  { presets, spares = 0, sandbox = findSandbox() }: Pick<PoolOptions, 'presets' | 'spares' | 'sandbox'>,
  events: Events,
): Renderers {
  logOnce(sandbox)
  const renderers = new Set<RendererProcess>()
  let failedStarts = 0

  function start(): void {
    const child = spawnRenderer({ memoryMaxBytes: RSS_MAX_BYTES, sandbox })
    const renderer = rendererOf(child)
    renderers.add(renderer)
    child.stderr?.on('data', (text) => {
      renderer.stderr = (renderer.stderr + text).slice(-STDERR_KEPT)
    })
    child.on('message', (message: FromChild) => {
      if (message.kind === 'fault') log.error('a renderer has a bug', { stack: message.stack })
      else events.onMessage(renderer, message)
    })
    child.on('error', (error) => {
      renderer.stderr += error.message
    })
    child.once('close', (_code, received) => {
      const signal = received ?? (KILLED_BEHIND_PARENT.test(renderer.stderr) ? 'SIGKILL' : null)
      renderers.delete(renderer)
      if (!events.isEnding()) rendererRestarts.inc({ cause: renderer.endedBy ?? 'crash' })
      events.onExit(renderer, signal)
    })
    sendTo(child, { kind: 'presets', presets: [...presets.values()] })
  }

  /** Memory is limited twice: the kernel refuses sudden large allocations (see spawn-renderer.ts), this catches gradual growth. */
  function findTooLarge(): void {
    for (const renderer of renderers) {
      const { task, pid } = renderer
      if (task && rssOf(pid) > RSS_MAX_BYTES) events.onTooLarge(renderer, task)
    }
  }
  const spareTimer = setTimeout(() => {
    for (let index = 0; index < spares && !events.isEnding(); index++) start()
  }, SPARES_AFTER_MS).unref()
  const watch = setInterval(findTooLarge, WATCH_EVERY_MS).unref()

  return {
    [Symbol.iterator]: () => renderers[Symbol.iterator](),
    get size() {
      return renderers.size
    },
    get failToStart() {
      return failedStarts >= FAILED_STARTS_MAX
    },
    start,
    replace(died) {
      if (died.ready || died.renders > 0 || ++failedStarts < FAILED_STARTS_MAX) {
        start()
        return false
      }
      log.error('renderers cannot start', { stderr: died.stderr })
      setTimeout(start, START_AGAIN_MS).unref()
      return true
    },
    markReady(renderer) {
      renderer.ready = true
      renderer.pid = pidOf(renderer.child, sandbox)
      failedStarts = 0
    },
    close() {
      clearTimeout(spareTimer)
      clearInterval(watch)
    },
  }
}

let isLogged = false

function logOnce({ isolation }: Sandbox): void {
  if (isLogged) return
  isLogged = true
  log[isolation === 'namespaces' ? 'info' : 'warn']('renderers are isolated', { by: isolation })
}
