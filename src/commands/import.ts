import path from 'node:path'
import { parseArgs } from 'node:util'
import { startBackfill } from '../backfill/backfills.ts'
import { checkRequest } from '../backfill/request.ts'
import { WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import { type Config, loadConfig } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { configureLog } from '../core/log.ts'
import { openDatabase, type Pg, type Prisma } from '../db/database.ts'
import { migrate } from '../db/migrate.ts'
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

const HELP = `Imports SVGs into the catalogue. The same import again changes nothing.

  npm run import -- PATH
  npm run import -- s3://BUCKET/PREFIX [--adopt [--delete-broken]]
  npm run import -- iconify
  npm run import -- --demo

PATH is a directory laid out as {vendor}/{icons|illustrations}/{FAMILY}/{SET}/{slug}.svg, where FAMILY and SET are
12 characters A-Z and 0-9, or an Iconify JSON package (a directory with icons.json), or all of Iconify (one with
collections.json). A file that is not an SVG is refused by name and reason, and the rest is imported.

s3://BUCKET/PREFIX registers the originals that are in ORIGINALS_BUCKET already in the catalogue by their listing, without
downloading them; the prefix may be empty or a vendor's name. When it is interrupted, the same command continues.
--adopt also registers the pictures in PREVIEWS_BUCKET that are named {slug}-{preset}.webp, after checking their first
bytes. What is not WebP is listed and a backfill that makes it is started; --delete-broken deletes it from the bucket,
so that its address leads to the new picture.

iconify imports all of Iconify: 390,000 icons of 240 sets. npm installs the newest @iconify/json (500 MB) into
DATA_DIR/packages on the first time; delete that folder for a newer one. A directory of that name is ./iconify.

--demo imports the icons that npm start shows.

It works on DATABASE_URL, or on the embedded Postgres of DATA_DIR, whether the service runs there or not.
Pictures are made on their first request; startBackfill makes them all.
`

const REFUSALS_SHOWN = 50

/** The command; returns its exit code. Throws AppError for invalid arguments. */
export async function runImport(): Promise<number> {
  const { values, positionals } = parseCommandLine()
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const config = loadConfig()
  configureLog(config.log)
  const [target, ...others] = values.demo ? ['--demo'] : positionals
  if (!target || others.length > 0)
    throw new AppError('BAD_INPUT', 'One directory or bucket to import is needed; see npm run import -- --help.')
  const location = target.startsWith('s3://') ? parseLocation(target, config) : null
  if (values.adopt && !location) throw new AppError('BAD_INPUT', '--adopt needs s3://BUCKET/PREFIX.')
  const read = location || values.demo ? readDemo : await readerOf(target, config)
  return await withDatabase(config, async (databaseUrl) => {
    const database = await openDatabase(databaseUrl, { connectionsMax: 4 })
    const { pg } = database
    const stores = await openStores(config)
    try {
      await migrate(pg)
      if (location) return await importFromBucket({ ...database, stores, config }, { ...location, ...values })
      const startedAt = performance.now()
      const report = await importItems({ pg, originals: stores.originals }, read(pg), showProgress)
      print(report, performance.now() - startedAt)
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
  { pg, prisma, stores, config }: { pg: Pg; prisma: Prisma; stores: Stores; config: Config },
  options: { prefix: string; adopt?: boolean; 'delete-broken'?: boolean },
): Promise<number> {
  const { prefix } = options
  const startedAt = performance.now()
  const report = await importBucket({ pg, originals: stores.originals }, { prefix, onBatch: showProgress })
  if (report.resumedAfter !== null)
    process.stdout.write(`went on after ${report.resumedAfter}, where an earlier import was interrupted\n`)
  print(report, performance.now() - startedAt)
  if (report.pictures > 0) process.stdout.write(`${report.pictures} pictures among the originals were ignored\n`)
  if (options.adopt) {
    const { presets } = config
    const adoption = await adoptVariants(
      { pg, previews: stores.previews, presets },
      { prefix, deleteBroken: options['delete-broken'] ?? false },
    )
    printAdoption(adoption)
    if (adoption.brokenCount > 0) {
      const request = { scope: WHOLE_CATALOGUE, mode: 'MISSING' as const, presets: [...adoption.brokenPresets] }
      const { id } = await startBackfill({ pg, prisma }, checkRequest(presets, request))
      process.stdout.write(`started backfill ${id}, which makes them again\n`)
    }
  }
  return exitCodeOf(report)
}

function printAdoption({ adopted, known, orphans, brokenCount, broken }: AdoptReport): void {
  for (const { key, found } of broken.slice(0, REFUSALS_SHOWN)) process.stdout.write(`broken ${key}: ${found}\n`)
  if (brokenCount > REFUSALS_SHOWN) process.stdout.write(`broken ${brokenCount - REFUSALS_SHOWN} more\n`)
  process.stdout.write(`${adopted} pictures adopted, ${known} known, ${orphans} of no item, ${brokenCount} broken\n`)
}

/** The command fails if nothing was imported and something was refused. */
function exitCodeOf({ refused, added, changed, unchanged }: ImportReport): number {
  return refused.length > 0 && added + changed + unchanged === 0 ? 1 : 0
}

/** The reader for the given path or keyword. */
async function readerOf(target: string, config: Config): Promise<(pg: Pg) => AsyncIterable<Entry | Refusal>> {
  const directory = target === 'iconify' ? await fetchIconify(config) : path.resolve(config.invokedFrom, target)
  if (await isIconifyCollection(directory)) return (pg) => readIconifyCollection(pg, directory)
  return (await isIconifyPackage(directory)) ? () => readIconify(directory) : () => walkDirectory(directory)
}

async function fetchIconify({ dataDir }: Config): Promise<string> {
  const onInstall = (folder: string) => process.stdout.write(`installing @iconify/json into ${folder} (500 MB, once)\n`)
  const { directory, version } = await installIconify(dataDir, { onInstall })
  process.stdout.write(`@iconify/json ${version}\n`)
  return directory
}

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        demo: { type: 'boolean' },
        adopt: { type: 'boolean' },
        'delete-broken': { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new AppError('BAD_INPUT', `${(error as Error).message}; see npm run import -- --help.`)
  }
}

function showProgress({ added, changed, unchanged }: ImportReport): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${added + changed + unchanged} items`)
}

function print(report: ImportReport, ms: number): void {
  const { added, changed, unchanged, refused, refusals } = report
  if (process.stderr.isTTY) process.stderr.write('\r')
  for (const { from, reason } of refused.slice(0, REFUSALS_SHOWN)) process.stdout.write(`refused ${from}: ${reason}\n`)
  if (refusals > REFUSALS_SHOWN) process.stdout.write(`refused ${refusals - REFUSALS_SHOWN} more\n`)
  process.stdout.write(
    `${added} added, ${changed} changed, ${unchanged} unchanged, ${refusals} refused in ${(ms / 1000).toFixed(1)} s\n`,
  )
}
