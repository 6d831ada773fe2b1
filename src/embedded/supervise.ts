import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { type Serving, type StartupMessage, SUPERVISED, sendConfig } from '../core/config/supervised.ts'
import type { Config } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { log } from '../core/log.ts'

/** Started as processes, not imported: they are in a layer above this folder. */
const FILES = {
  API: path.join(import.meta.dirname, '../bin/api.ts'),
  worker: path.join(import.meta.dirname, '../../workers/main.ts'),
}
/**
 * Limits a worker's JavaScript heap, in MB; sources and pictures are outside of it. By default V8 lets hundreds of MB accumulate before a
 * collection; the largest vendor archive needs 150. The same flags are in package.json and docker-compose.yml.
 */
export const WORKER_FLAGS = ['--max-old-space-size=512', '--max-semi-space-size=4']
const FLAGS = { API: [], worker: WORKER_FLAGS }
const RESTARTS_MAX = 5
/** A process that has run this long counts as healthy again. */
const HEALTHY_MS = 60_000

interface Supervised {
  readonly databaseUrl: string
  readonly config: Config
  readonly onGivenUp: (sentence: string) => void
}

/**
 * Runs an API or a worker in its own process and restarts it when it exits, with the presets and layouts of this process; an API on the
 * same port as before. `ready` rejects if the process refuses to start.
 */
export function supervise<Ready extends Serving | null>(
  name: keyof typeof FILES,
  options: Supervised,
): { ready: Promise<Ready>; close: () => Promise<void> } {
  let closing = false
  let deaths = 0
  let child: ChildProcess
  let port: string | null = null

  function start(): Promise<Ready> {
    const startedAt = performance.now()
    const env = {
      ...options.config.childEnv(options.databaseUrl),
      ...(name === 'worker' ? nextMetricsPort(options.config) : {}),
    }
    // Its own process group: Ctrl-C reaches this process, which ends it in order.
    child = fork(FILES[name], [SUPERVISED], {
      detached: true,
      execArgv: FLAGS[name],
      env: port === null ? env : { ...env, PORT: port },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    sendConfig(child, options.config)
    const ready = new Promise<Ready>((resolve, reject) => {
      child.once('message', (word: StartupMessage) => {
        if ('refusal' in word) return reject(new AppError(word.refusal.code, word.refusal.message))
        if (word.ready) port = new URL(word.ready.url).port
        resolve(word.ready as Ready)
      })
      child.once('exit', () =>
        reject(new AppError('UNAVAILABLE', `The ${name} did not start; the reason is printed above.`)),
      )
    })
    child.once('exit', (code, signal) => {
      if (closing) return
      deaths = performance.now() - startedAt > HEALTHY_MS ? 1 : deaths + 1
      if (deaths > RESTARTS_MAX)
        return options.onGivenUp(
          `The ${name} exited ${deaths} times in a row; most recently with ${signal ?? `code ${code}`}.`,
        )
      log.warn(`the ${name} died; restarting it`, { childPid: child.pid, signal: signal ?? `code ${code}` })
      start().then(
        () => log.info(`the ${name} is back`, { childPid: child.pid }),
        () => {},
      )
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
  // Handled where it is awaited; closing before that must not be an unhandled rejection.
  ready.catch(() => {})
  return { ready, close }
}

/** The API has the port itself. */
const nextMetricsPort = ({ metrics }: Config) => (metrics?.port ? { METRICS_PORT: String(metrics.port + 1) } : {})
