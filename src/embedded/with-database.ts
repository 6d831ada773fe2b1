import type { Config } from '../core/config.ts'
import { readInstance } from './instance.ts'
import { openEmbedded } from './open.ts'

/** Uses the available database: the configured one, that of the running service, or a temporary embedded one. */
export async function withDatabase<T>(config: Config, work: (url: string) => Promise<T>): Promise<T> {
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
