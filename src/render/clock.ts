import { cpuMsOf } from './spawn-renderer.ts'
import type { RendererProcess, Task } from './tasks.ts'

/** Without CPU time to speak of in so many times its limit, a render is stuck and not slow: it waits for what never comes. */
const STUCK_FACTOR = 20
/** Between two looks at quick work that may turn out slow, or hold up others. */
const LOOK_EVERY_MS = 250

interface Verdicts {
  /** The render has used up its CPU time. */
  readonly onTimeout: (renderer: RendererProcess, task: Task) => void
  /** Quick work has used so much CPU, in ms, and goes on. */
  readonly onLook: (renderer: RendererProcess, task: Task, usedMs: number) => void
}

/**
 * Measures what renders take: the CPU time of their process, not the wall clock, so that a loaded machine fails no good file. What
 * the platform does not tell (no /proc) is taken for the wall clock.
 */
export function createClock({ onTimeout, onLook }: Verdicts) {
  function arm(renderer: RendererProcess, task: Task, usedMs: number): void {
    const leftMs = task.options.cpuLimitMs - usedMs
    const lookMs = task.entry.lane === 'quick' && task.cell === null ? LOOK_EVERY_MS : leftMs
    clearTimeout(renderer.timer)
    renderer.timer = setTimeout(() => void look(renderer, task), Math.min(leftMs, lookMs))
  }

  async function look(renderer: RendererProcess, task: Task): Promise<void> {
    const cpuMs = await cpuMsOf(renderer.child.pid)
    if (renderer.task !== task) return
    const wallMs = performance.now() - renderer.since
    const usedMs = cpuMs === null ? wallMs : Math.max(0, cpuMs - renderer.cpuFromMs)
    const { cpuLimitMs } = task.options
    if (usedMs >= cpuLimitMs || wallMs >= cpuLimitMs * STUCK_FACTOR) return onTimeout(renderer, task)
    if (task.entry.lane === 'quick') onLook(renderer, task, usedMs)
    if (renderer.task === task) arm(renderer, task, usedMs)
  }

  return {
    /** @param cpuMs what the renderer had used until now */
    start(renderer: RendererProcess, task: Task, cpuMs: number): void {
      renderer.cpuFromMs = cpuMs
      renderer.since = performance.now()
      arm(renderer, task, 0)
    },
    stop(renderer: RendererProcess): void {
      clearTimeout(renderer.timer)
    },
  }
}
