import { loadUrlSecrets } from '../access/secrets.ts'
import { loadConfig } from '../core/config.ts'
import { configureLog } from '../core/log.ts'
import { openDatabase } from '../db/database.ts'
import { prepareSchema } from '../db/migrate.ts'
import { withDatabase } from '../embedded/with-database.ts'
import { applyTombstonesToBackup, type RebuildReport, rebuild } from '../recovery/rebuild.ts'
import { openStores } from '../store/open.ts'
import { createOutput, type Output } from './output.ts'
import { duration } from './progress-bar.ts'

const CONNECTIONS = 6
const REFUSALS_SHOWN = 50

/**
 * Makes the catalogue again; returns the exit code: 1 if some originals cannot be used. Throws AppError if the database is not empty.
 * @param options.snapshot the name of another than the latest one
 * @param options.tombstones only applies the tombstones, to a database that was restored from a backup
 */
export async function runRebuild(options: {
  snapshot?: string
  tombstones?: boolean
  json?: boolean
}): Promise<number> {
  const output = createOutput(options)
  const config = loadConfig()
  configureLog(config.log)
  return await withDatabase(config, async (databaseUrl) => {
    await using opening = new AsyncDisposableStack()
    const { pg, close } = await openDatabase(databaseUrl, { connectionsMax: CONNECTIONS })
    opening.defer(close)
    const stores = await openStores(config)
    opening.defer(stores.close)
    await prepareSchema(pg, config)
    if (options.tombstones) {
      const tombstones = await applyTombstonesToBackup({ pg, stores })
      output.say(`tombstones: ${tombstones.applied} applied, ${tombstones.withoutTarget} of what is not there`)
      output.result({ tombstones })
      return 0
    }
    const startedAt = performance.now()
    const deps = { pg, stores, presets: config.presets, urlSecrets: await loadUrlSecrets(config) }
    const report = await rebuild(deps, { snapshot: options.snapshot ?? null, onProgress: showProgress })
    print(report, { seconds: (performance.now() - startedAt) / 1000, say: output.say })
    output.result(report)
    return report.originals.refusals > 0 ? 1 : 0
  })
}

function showProgress(step: string, { rows, originals, tombstones, pictures }: RebuildReport): void {
  if (!process.stderr.isTTY) return
  const { added, changed, unchanged } = originals
  const done = [rows, added + changed + unchanged, tombstones.applied + tombstones.older, pictures.adopted].join(', ')
  process.stderr.write(`\r\x1b[2K${step}: ${done}`)
}

function print(
  { from, takenAt, rows, originals, tombstones, pictures }: RebuildReport,
  { seconds, say }: { seconds: number; say: Output['say'] },
): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
  if (from !== 'snapshot') say(`went on with the ${from}, where an earlier run was interrupted`)
  for (const { from: key, reason } of originals.refused.slice(0, REFUSALS_SHOWN)) say(`refused ${key}: ${reason}`)
  if (originals.refusals > REFUSALS_SHOWN) say(`refused ${originals.refusals - REFUSALS_SHOWN} more`)
  say(takenAt ? `snapshot of ${takenAt.toISOString()}: ${rows} rows` : 'there is no snapshot: names and tags are lost')
  say(`originals: ${originals.added} added, ${originals.changed} changed, ${originals.unchanged} as in the snapshot`)
  const { applied, older, withoutTarget } = tombstones
  say(
    `tombstones: ${applied} applied, ${older} older than the snapshot, ${withoutTarget} of what is not there any more`,
  )
  say(
    `pictures: ${pictures.adopted} recorded, ${pictures.unknown} of nothing that is shown, ${pictures.broken} damaged`,
  )
  say(
    `rebuilt in ${duration(seconds)}: start the service, and make what is missing with afterimage backfill --mode missing`,
  )
}
