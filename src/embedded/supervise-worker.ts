import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import type { Config } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { log } from '../core/log.ts'
import { handConfig, SUPERVISED } from '../core/supervised-config.ts'

/** Started as a process, not imported: src never imports workers. */
const WORKER = path.join(import.meta.dirname, '../../workers/main.ts')
/**
 * MB of JavaScript's memory in a worker, without the sources and pictures. By default V8 lets hundreds accumulate before
 * it collects garbage; the largest archive of a vendor needs 150. The same in package.json and docker-compose.yml.
 */
export const WORKER_FLAGS = ['--max-old-space-size=512', '--max-semi-space-size=4']
const RESTARTS_MAX = 5
/** A worker that ran this long is healthy again. */
const HEALTHY_MS = 60_000

/** Runs one worker process beside the API and starts it again when it dies, with the presets and layouts of the API. */
export function superviseWorker(options: {
  databaseUrl: string
  config: Config
  onGivenUp: (sentence: string) => void
}): { /** Resolves when it takes jobs. */ ready: Promise<void>; close: () => Promise<void> } {
  let closing = false
  let deaths = 0
  let child: ChildProcess

  function start(): Promise<void> {
    const startedAt = Date.now()
    // Its own process group: Ctrl-C reaches us, and we end it in order.
    child = fork(WORKER, [SUPERVISED], {
      detached: true,
      execArgv: WORKER_FLAGS,
      env: options.config.childEnv(options.databaseUrl),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    handConfig(child, options.config)
    const ready = new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve())
      child.once('exit', () => reject(new AppError('UNAVAILABLE', 'The worker did not start; its reason is above.')))
    })
    child.once('exit', (code, signal) => {
      if (closing) return
      deaths = Date.now() - startedAt > HEALTHY_MS ? 1 : deaths + 1
      if (deaths > RESTARTS_MAX)
        return options.onGivenUp(
          `The worker died ${deaths} times in a row; the last time of ${signal ?? `code ${code}`}.`,
        )
      log.warn('the worker died; restarting it', { workerPid: child.pid, signal: signal ?? `code ${code}` })
      start().catch(() => {})
    })
    return ready
  }

  const close = async () => {
    closing = true
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const killer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await gone
    clearTimeout(killer)
  }

  const ready = start()
  // Reported to whoever awaits it; a close in between must not be an unhandled rejection.
  ready.catch(() => {})
  return { ready, close }
}
