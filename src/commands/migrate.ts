import { loadConfig } from '../core/config.ts'
import { configureLog } from '../core/log.ts'
import { openDatabase } from '../db/database.ts'
import { checkSchema, migrate } from '../db/migrate.ts'
import { withDatabase } from '../embedded/with-database.ts'
import { createOutput } from './output.ts'

/** Compares the database with this release, or applies its migrations; returns the exit code: 1 if some are pending. */
export async function runMigrate({ apply = false, json }: { apply?: boolean; json?: boolean }): Promise<number> {
  const { say, result } = createOutput({ json })
  const config = loadConfig()
  configureLog(config.log)
  return await withDatabase(config, async (databaseUrl) => {
    const { pg, close } = await openDatabase(databaseUrl, { connectionsMax: 3 })
    try {
      if (apply) {
        const { applied } = await migrate(pg)
        for (const name of applied) say(`applied ${name}`)
        say(applied.length === 0 ? 'nothing was pending' : `${applied.length} applied`)
        result({ applied })
        return 0
      }
      const { pending, later } = await checkSchema(pg)
      for (const name of pending) say(`pending ${name}`)
      for (const name of later) say(`later   ${name}: of a later release, additive`)
      say(pending.length === 0 ? 'nothing is pending' : `${pending.length} pending: afterimage migrate --apply`)
      result({ pending, later })
      return pending.length === 0 ? 0 : 1
    } finally {
      await close()
    }
  })
}
