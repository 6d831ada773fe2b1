import type { App } from '../app.ts'
import { logFailure } from '../core/log-failure.ts'
import { cpuSeconds, dbPool, renderers, renderersBusy, renders, rendersWaiting } from '../telemetry/metrics.ts'
import { ofInstallation, ofProcess } from '../telemetry/registry.ts'
import { readChildrenCpu } from './read-cpu.ts'
import { readInstallation } from './read-installation.ts'

/** The state of the installation is read at most this often by a process: several Prometheus servers cause no load. */
const KEEP_MS = 10_000

export interface Metrics {
  readonly contentType: string
  /** Prometheus text. While the database is unavailable, what is read from it is missing; never rejects for that. */
  readonly print: () => Promise<string>
}

/**
 * What a process exports: what it counts itself, the state of its pools, and, in an API, the state of the installation: fifty workers
 * would read the same fifty times.
 * @param options.before called before each export, to set further gauges
 * @param options.probes renders that are not counted
 */
export function createMetrics(
  app: App,
  { role, before, probes = () => 0 }: { role: 'api' | 'worker'; before?: () => Promise<void>; probes?: () => number },
): Metrics {
  let kept: { at: number; isRead: Promise<boolean> } | null = null

  function readState(): Promise<boolean> {
    if (kept && performance.now() - kept.at < KEEP_MS) return kept.isRead
    const isRead = readInstallation(app).then(
      () => true,
      (error) => {
        logFailure('the state of the installation cannot be read for metrics', error)
        return false
      },
    )
    kept = { at: performance.now(), isRead }
    return isRead
  }

  function setOwn(childrenCpuS: number): void {
    const { stats, size } = app.pool
    const { user, system } = process.cpuUsage()
    renders.set({}, stats.renders - probes())
    cpuSeconds.set({ role }, (user + system) / 1e6)
    cpuSeconds.set({ role: 'renderer' }, childrenCpuS)
    renderers.set(size)
    renderersBusy.set(stats.busy)
    rendersWaiting.set(stats.waiting)
    const pools = [app.pg, app.searchPool, app.keyedPool]
    const sum = (count: (pool: App['pg']) => number) => pools.reduce((total, pool) => total + count(pool), 0)
    dbPool.set(
      { state: 'active' },
      sum(({ totalCount, idleCount }) => totalCount - idleCount),
    )
    dbPool.set(
      { state: 'idle' },
      sum(({ idleCount }) => idleCount),
    )
    dbPool.set(
      { state: 'waiting' },
      sum(({ waitingCount }) => waitingCount),
    )
  }

  return {
    contentType: ofProcess.contentType,
    async print() {
      const [isRead, childrenCpuS] = await Promise.all([
        role === 'api' && readState(),
        readChildrenCpu(app.pool.pids),
        before?.(),
      ])
      setOwn(childrenCpuS)
      const texts = await Promise.all([ofProcess.metrics(), ...(isRead ? [ofInstallation.metrics()] : [])])
      return texts.join('\n')
    },
  }
}
