import { loadAdminTokens } from '../access/secrets.ts'
import { openApp } from '../app.ts'
import { type Config, loadConfig } from '../core/config.ts'
import { configureLog } from '../core/log.ts'
import { withDatabase } from '../embedded/with-database.ts'
import { serve } from '../http/server.ts'
import { openRenderPool } from '../render/pool.ts'
import { type Ask, askService } from './ask-service.ts'

/**
 * Runs `work` with the service that a command is for: the one at AFTERIMAGE_URL, with AFTERIMAGE_TOKEN; else an API of its own, on the data
 * directory or database of this machine, which listens on loopback while the command runs. Both answer the same documents.
 */
export async function withService<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
  const config = loadConfig()
  // Its own requests are of no interest.
  configureLog({ ...config.log, ...(config.settings.LOG_LEVEL ? {} : { level: 'warn' }) })
  if (config.service) return await work(askService(config.service))
  return await withDatabase(config, async (databaseUrl) => {
    await using opening = new AsyncDisposableStack()
    const app = await openApp(ownConfig(config), { databaseUrl, pool: noRenderers(config) })
    opening.defer(app.close)
    const { url, close } = await serve(app)
    opening.defer(close)
    const [token = ''] = await loadAdminTokens(config)
    return await work(askService({ url, token }))
  })
}

/** Its URLs are those of the service, which may run at the same time. */
function ownConfig(config: Config): Config {
  const { host, port, publicUrl } = config
  return { ...config, host: '127.0.0.1', port: 0, publicUrl: publicUrl ?? `http://${host}:${port}`, warmPages: false }
}

/** Workers draw what a command asks for. */
const noRenderers = ({ presets }: Config) => openRenderPool({ presets, size: 0, waitingMax: 0 })

/** The address and token of a running service: AFTERIMAGE_URL, or the one of this machine. @param api its address, if given */
export async function runningService(config: Config, api?: string): Promise<{ url: string; token: string }> {
  if (config.service) return { ...config.service, ...(api && { url: api }) }
  const [token = ''] = await loadAdminTokens(config)
  return { url: api ?? `http://${config.host}:${config.port}`, token }
}
