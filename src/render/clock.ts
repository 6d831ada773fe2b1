import { cpuMsOf } from './spawn-renderer.ts'
import type { RendererProcess, Task } from './tasks.ts'

/** A render that has taken this many times its limit in wall-clock time, with hardly any CPU time, is stuck rather than slow. */
const STUCK_FACTOR = 20
/** Interval between checks of quick work that may turn out slow, or hold up others. */
const CHECK_EVERY_MS = 250

interface ClockEvents {
  /** The render has used up its CPU time. */
  readonly onTimeout: (renderer: RendererProcess, task: Task) => void
  /** A quick render has used this much CPU, in ms, and is still running. */
  readonly onCheck: (renderer: RendererProcess, task: Task, usedMs: number) => void
}

/**
 * Limits renders by the CPU time of their process, not wall-clock time, so that no good file fails on a loaded machine. On platforms
 * without /proc, wall-clock time is used instead.
 */
export function createClock({ onTimeout, onCheck }: ClockEvents) {
  function schedule(renderer: RendererProcess, task: Task, usedMs: number): void {
    const leftMs = task.options.cpuLimitMs - usedMs
    const checkMs = task.entry.lane === 'quick' && task.cell === null ? CHECK_EVERY_MS : leftMs
    clearTimeout(renderer.timer)
    renderer.timer = setTimeout(() => check(renderer, task), Math.min(leftMs, checkMs))
  }

  function check(renderer: RendererProcess, task: Task): void {
    const cpuMs = cpuMsOf(renderer.pid)
    const wallMs = performance.now() - renderer.since
    const usedMs = cpuMs === null ? wallMs : Math.max(0, cpuMs - renderer.cpuFromMs)
    const { cpuLimitMs } = task.options
    if (usedMs >= cpuLimitMs || wallMs >= cpuLimitMs * STUCK_FACTOR) {
      onTimeout(renderer, task)
      return
    }
    if (task.entry.lane === 'quick') onCheck(renderer, task, usedMs)
    if (renderer.task === task) schedule(renderer, task, usedMs)
  }

  return {
    /** @param cpuMs what the renderer had used so far */
    start(renderer: RendererProcess, task: Task, cpuMs: number): void {
      renderer.cpuFromMs = cpuMs
      renderer.since = performance.now()
      schedule(renderer, task, 0)
    },
    stop(renderer: RendererProcess): void {
      clearTimeout(renderer.timer)
    },
  }
}
