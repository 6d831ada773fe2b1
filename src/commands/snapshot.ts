import { loadConfig } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { configureLog } from '../core/log.ts'
import { openDatabase } from '../db/database.ts'
import { prepareSchema } from '../db/migrate.ts'
import { withDatabase } from '../embedded/with-database.ts'
import { writeSnapshot } from '../recovery/snapshot.ts'
import { storeTombstones } from '../recovery/tombstones.ts'
import { openStores } from '../store/open.ts'
import { createOutput } from './output.ts'
import { duration } from './progress-bar.ts'

/** Writes a snapshot of the catalogue; returns the exit code. Throws BAD_INPUT if there is none. */
export async function runSnapshot({ json }: { json?: boolean }): Promise<number> {
  const { say, result } = createOutput({ json })
  const config = loadConfig()
  configureLog(config.log)
  return await withDatabase(config, async (databaseUrl) => {
    await using opening = new AsyncDisposableStack()
    const { pg, close } = await openDatabase(databaseUrl, { connectionsMax: 2 })
    opening.defer(close)
    const stores = await openStores(config)
    opening.defer(stores.close)
    await prepareSchema(pg, config)
    const startedAt = performance.now()
    await storeTombstones({ pg, stores })
    const snapshot = await writeSnapshot({ pg, originals: stores.originals })
    if (!snapshot)
      throw new AppError(
        'BAD_INPUT',
        'The catalogue is empty, so no snapshot was written, and the earlier ones are kept: check DATABASE_URL or DATA_DIR.',
      )
    const rows = snapshot.parts.reduce((sum, part) => sum + part.rows, 0)
    const seconds = duration((performance.now() - startedAt) / 1000)
    const { name, takenAt, parts } = snapshot
    say(
      `${rows} rows of ${takenAt.toISOString()} in ${parts.length} objects of ${stores.originals.name}, in ${seconds}`,
    )
    result({ name, takenAt, rows, objects: parts.length })
    return 0
  })
}
