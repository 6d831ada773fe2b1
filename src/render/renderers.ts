import { log } from '../core/log.ts'
import type { Preset } from '../core/variant.ts'
import type { FromChild } from './messages.ts'
import { rssOf, spawnRenderer } from './spawn-renderer.ts'
import { type RendererProcess, rendererOf, type Task, tell } from './tasks.ts'

const STDERR_KEPT = 2000
/** A renderer that dies this often before it is ready has no working library: say so instead of trying for ever. */
const FAILED_STARTS_MAX = 5
/** One more try now and then: a full disk or a missing memory page may pass. */
const START_AGAIN_MS = 5000
/** The demo stays below 250 MB; 16.8 megapixels are 67 MB a layer. More is an attack, and the renderer is killed. */
export const RSS_MAX_BYTES = 512e6
const WATCH_EVERY_MS = 50

interface Events {
  readonly onMessage: (renderer: RendererProcess, message: Exclude<FromChild, { kind: 'fault' }>) => void
  /** It is gone already; what it was doing is still in it. */
  readonly onExit: (renderer: RendererProcess, signal: NodeJS.Signals | null) => void
  /** Its memory is beyond the limit while it does this. */
  readonly onTooLarge: (renderer: RendererProcess, task: Task) => void
}

/** The living renderer processes. */
export interface Renderers extends Iterable<RendererProcess> {
  readonly size: number
  /** Starts one more. */
  start(): void
  /** In place of one that died: at once, or after a while and with true when none gets ready any more. */
  replace(died: RendererProcess): boolean
  /** It answered: the libraries work. */
  markReady(renderer: RendererProcess): void
  readonly failToStart: boolean
  /** Ends the watch over their memory. */
  close(): void
}

export function openRenderers(presets: readonly Preset[], events: Events): Renderers {
  const renderers = new Set<RendererProcess>()
  let failedStarts = 0

  function start(): void {
    const child = spawnRenderer({ memoryMaxBytes: RSS_MAX_BYTES })
    const renderer = rendererOf(child)
    renderers.add(renderer)
    child.stderr?.on('data', (text) => {
      renderer.stderr = (renderer.stderr + text).slice(-STDERR_KEPT)
    })
    child.on('message', (message: FromChild) => {
      if (message.kind === 'fault') log.error('a renderer met a bug', { stack: message.stack })
      else events.onMessage(renderer, message)
    })
    child.on('error', (error) => {
      renderer.stderr += error.message
    })
    child.once('close', (_code, signal) => {
      renderers.delete(renderer)
      events.onExit(renderer, signal)
    })
    tell(child, { kind: 'presets', presets })
  }

  /** Memory is bounded twice: the kernel refuses a sudden gigabyte (see spawn-renderer.ts), this catches what creeps. */
  async function findTooLarge(): Promise<void> {
    for (const renderer of renderers) {
      const { task } = renderer
      if (task && (await rssOf(renderer.child.pid)) > RSS_MAX_BYTES && renderer.task === task)
        events.onTooLarge(renderer, task)
    }
  }
  const watch = setInterval(() => void findTooLarge(), WATCH_EVERY_MS).unref()

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
      log.error('renderers do not start', { stderr: died.stderr })
      setTimeout(start, START_AGAIN_MS).unref()
      return true
    },
    markReady(renderer) {
      renderer.ready = true
      failedStarts = 0
    },
    close: () => clearInterval(watch),
  }
}
