import { recordConfiguration } from '../access/configuration.ts'
import { openApp } from '../app.ts'
import { loadSupervisedConfig, type StartupMessage } from '../core/config/supervised.ts'
import { AppError } from '../core/errors.ts'
import { openHeartbeatFile } from '../core/heartbeat-file.ts'
import { configureLog } from '../core/log.ts'
import { serve } from '../http/server.ts'
import { publishMetrics } from '../monitoring/publish-metrics.ts'
import { openTracing } from '../telemetry/tracing.ts'
import type { Running } from './run-process.ts'

const notifySupervisor = (word: StartupMessage) => process.send?.(word)

/** An API: one of any number of processes, using DATABASE_URL and shared stores; under `npm start` a supervised child. */
export async function startApi(): Promise<Running> {
  const config = await loadSupervisedConfig()
  configureLog(config.log)
  await using opening = new AsyncDisposableStack()
  let drainServer = async () => {}
  try {
    opening.defer(await openTracing(config.tracing, 'api'))
    const app = await openApp(config, { role: 'api' })
    opening.defer(app.close)
    const keys = app.urlSecrets.map(({ value }) => value)
    await recordConfiguration(app.pg, { config, keys, audit: app.access.audit })
    const { url, imageUrl, signInCode, drain, close } = await serve(app)
    opening.defer(close)
    drainServer = () => drain(config.drainSeconds)
    opening.defer(openHeartbeatFile(config.heartbeatFile, () => checkAlive(url)).close)
    const { cloudWatchStage: stage } = config.aws
    const write = (line: string) => process.stdout.write(`${line}\n`)
    if (stage !== null) opening.defer(publishMetrics(app, { stage, write }).close)
    if (process.send) notifySupervisor({ ready: { url, imageUrl, signInCode } })
    else process.stdout.write(`Afterimage API at ${url}/graphql\n`)
  } catch (error) {
    // The supervisor logs it, once.
    if (process.send && error instanceof AppError) {
      const { code, message } = error
      process.send({ refusal: { code, message } } satisfies StartupMessage, () => process.exit(1))
    }
    throw error
  }
  const owner = opening.move()
  // Nothing routes requests to a supervised process but its port.
  return { ...(process.send ? {} : { drain: drainServer }), close: () => owner.disposeAsync() }
}

const ALIVE_MS = 5000

/** As a client of its own port: whoever accepts connections but answers none is not alive. */
async function checkAlive(url: string): Promise<void> {
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ALIVE_MS) })
  await response.arrayBuffer()
}
