import { loadConfig } from '../src/core/config.ts'
import { openDatabase } from '../src/db/database.ts'
import { hasLiveWorker } from '../src/jobs/workers.ts'

/** A container's health check: exits with 0 if this host's worker has a recent heartbeat. */
const { pg, close } = await openDatabase(loadConfig().databaseUrl ?? 'postgres:///', { connectionsMax: 1 })
const lives = await hasLiveWorker(pg)
await close()
process.exit(lives ? 0 : 1)
