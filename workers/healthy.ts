import { livesHere } from '../src/backfill/recover.ts'
import { openDatabase } from '../src/catalogue/database.ts'
import { loadConfig } from '../src/config.ts'

/** A container's health check: exits with 0 while this host's worker says that it lives. */
const { pg, close } = await openDatabase(loadConfig().databaseUrl ?? 'postgres:///', { connectionsMax: 1 })
const lives = await livesHere(pg)
await close()
process.exit(lives ? 0 : 1)
