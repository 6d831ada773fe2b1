import path from 'node:path'
import { startBackfill } from '../backfill/backfills.ts'
import { checkRequest } from '../backfill/request.ts'
import { WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import { type Config, loadConfig } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { configureLog } from '../core/log.ts'
import { openDatabase, type Pg, type Prisma } from '../db/database.ts'
import { prepareSchema } from '../db/migrate.ts'
import { withDatabase } from '../embedded/with-database.ts'
import { type AdoptReport, adoptVariants } from '../import/adopt.ts'
import { importBucket } from '../import/bucket.ts'
import { readDemo } from '../import/demo.ts'
import { walkDirectory } from '../import/directory.ts'
import { isIconifyPackage, readIconify } from '../import/iconify.ts'
import { isIconifyCollection, readIconifyCollection } from '../import/iconify-collection.ts'
import { type Entry, type ImportReport, importItems, type Refusal } from '../import/import-items.ts'
import { installIconify } from '../import/install-iconify.ts'
import { openStores, type Stores } from '../store/open.ts'
import { createOutput, type Output } from './output.ts'
import { UsageError } from './run-process.ts'

const REFUSALS_SHOWN = 50

/** Imports a directory, a bucket or Iconify into the catalogue; returns the exit code. Throws AppError for invalid arguments. */
export async function runImport(
  source: string | undefined,
  options: { demo?: boolean; adopt?: boolean; deleteBroken?: boolean; json?: boolean },
): Promise<number> {
  const output = createOutput(options)
  const config = loadConfig()
  configureLog(config.log)
  const target = options.demo ? '--demo' : source
  if (!target) throw new UsageError('A directory or bucket to import is needed; afterimage import --help.')
  const location = target.startsWith('s3://') ? parseLocation(target, config) : null
  if (options.adopt && !location) throw new UsageError('--adopt needs s3://BUCKET/PREFIX.')
  const read = location || options.demo ? readDemo : await readerOf(target, { config, output })
  return await withDatabase(config, async (databaseUrl) => {
    const database = await openDatabase(databaseUrl, { connectionsMax: 4 })
    const { pg } = database
    const stores = await openStores(config)
    try {
      await prepareSchema(pg, config)
      if (location) return await importFromBucket({ ...database, stores, config, output }, { ...location, ...options })
      const startedAt = performance.now()
      const report = await importItems({ pg, originals: stores.originals }, read(pg), showProgress)
      print(report, { ms: performance.now() - startedAt, output })
      output.result(report)
      return exitCodeOf(report)
    } finally {
      await stores.close()
      await database.close()
    }
  })
}

/** `s3://bucket/prefix`, where the bucket must be the originals bucket. */
function parseLocation(target: string, { buckets }: Config): { prefix: string } {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]*)\/?(.*)$/.exec(target) ?? []
  if (bucket !== buckets?.originals)
    throw new AppError(
      'BAD_INPUT',
      `${target} is not in ORIGINALS_BUCKET (${buckets?.originals ?? 'not set'}): originals are read in place, so set it to ${bucket}.`,
    )
  return { prefix }
}

async function importFromBucket(
  deps: { pg: Pg; prisma: Prisma; stores: Stores; config: Config; output: Output },
  options: { prefix: string; adopt?: boolean; deleteBroken?: boolean },
): Promise<number> {
  const { pg, prisma, stores, config, output } = deps
  const { say, result } = output
  const { prefix } = options
  const startedAt = performance.now()
  const report = await importBucket({ pg, originals: stores.originals }, { prefix, onBatch: showProgress })
  if (report.resumedAfter !== null) say(`went on after ${report.resumedAfter}, where an earlier import was interrupted`)
  print(report, { ms: performance.now() - startedAt, output })
  if (report.pictures > 0) say(`${report.pictures} pictures among the originals were ignored`)
  if (options.adopt) {
    const { presets } = config
    const adoption = await adoptVariants(
      { pg, previews: stores.previews, presets },
      { prefix, deleteBroken: options.deleteBroken ?? false },
    )
    printAdoption(adoption, output)
    result({ ...report, adoption: { ...adoption, brokenPresets: [...adoption.brokenPresets] } })
    if (adoption.brokenCount > 0) {
      const request = { scope: WHOLE_CATALOGUE, mode: 'MISSING' as const, presets: [...adoption.brokenPresets] }
      const { id } = await startBackfill({ pg, prisma }, checkRequest(presets, request))
      say(`started backfill ${id}, which makes them again`)
    }
  } else result(report)
  return exitCodeOf(report)
}

function printAdoption({ adopted, known, orphans, brokenCount, broken }: AdoptReport, { say }: Output): void {
  for (const { key, found } of broken.slice(0, REFUSALS_SHOWN)) say(`broken ${key}: ${found}`)
  if (brokenCount > REFUSALS_SHOWN) say(`broken ${brokenCount - REFUSALS_SHOWN} more`)
  say(`${adopted} pictures adopted, ${known} known, ${orphans} of no item, ${brokenCount} broken`)
}

/** The command fails if nothing was imported and something was refused. */
function exitCodeOf({ refused, added, changed, unchanged }: ImportReport): number {
  return refused.length > 0 && added + changed + unchanged === 0 ? 1 : 0
}

/** The reader for the given path or keyword. */
async function readerOf(
  target: string,
  { config, output }: { config: Config; output: Output },
): Promise<(pg: Pg) => AsyncIterable<Entry | Refusal>> {
  const directory = target === 'iconify' ? await fetchIconify(config, output) : path.resolve(config.invokedFrom, target)
  if (await isIconifyCollection(directory)) return (pg) => readIconifyCollection(pg, directory)
  return (await isIconifyPackage(directory)) ? () => readIconify(directory) : () => walkDirectory(directory)
}

async function fetchIconify({ dataDir }: Config, { say }: Output): Promise<string> {
  const onInstall = (folder: string) => say(`installing @iconify/json into ${folder} (500 MB, once)`)
  const { directory, version } = await installIconify(dataDir, { onInstall })
  say(`@iconify/json ${version}`)
  return directory
}

function showProgress({ added, changed, unchanged }: ImportReport): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${added + changed + unchanged} items`)
}

function print(report: ImportReport, { ms, output: { say } }: { ms: number; output: Output }): void {
  const { added, changed, unchanged, refused, refusals } = report
  if (process.stderr.isTTY) process.stderr.write('\r')
  for (const { from, reason } of refused.slice(0, REFUSALS_SHOWN)) say(`refused ${from}: ${reason}`)
  if (refusals > REFUSALS_SHOWN) say(`refused ${refusals - REFUSALS_SHOWN} more`)
  say(`${added} added, ${changed} changed, ${unchanged} unchanged, ${refusals} refused in ${(ms / 1000).toFixed(1)} s`)
}
