import type { Config } from '../core/config.ts'
import { readInstance } from './instance.ts'
import { openEmbedded } from './open.ts'

/**
 * Uses the available database: the configured one, that of the running service, or a temporary embedded one. Says so on stderr if a service is
 * configured that the command does not ask.
 */
export async function withDatabase<T>(config: Config, work: (url: string) => Promise<T>): Promise<T> {
  if (config.service)
    process.stderr.write(
      'AFTERIMAGE_URL is ignored: this command works on the data directory or database of this machine.\n',
    )
  if (config.databaseUrl) return await work(config.databaseUrl)
  const running = await readInstance(config.dataDir)
  if (running?.databaseUrl) return await work(running.databaseUrl)
  const embedded = await openEmbedded(config)
  try {
    return await work(embedded.databaseUrl)
  } finally {
    await embedded.close()
  }
}
