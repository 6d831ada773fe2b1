import path from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabase } from './catalogue/database.ts'
import { migrate } from './catalogue/migrate.ts'
import { type Config, loadConfig } from './config.ts'
import { readInstance } from './embedded/instance.ts'
import { openEmbedded } from './embedded/open.ts'
import { AppError } from './errors.ts'
import { readDemo } from './ingest/demo.ts'
import { readDirectory } from './ingest/directory.ts'
import { isIconifyPackage, readIconify } from './ingest/iconify.ts'
import { type Entry, type ImportReport, importItems, type Refusal } from './ingest/import-items.ts'
import { openStores } from './store/open.ts'

const HELP = `Imports SVGs into the catalogue. The same import again changes nothing.

  npm run import -- PATH
  npm run import -- --demo

PATH is a directory laid out as {vendor}/{icons|illustrations}/{FAMILY}/{SET}/{slug}.svg, where FAMILY and SET are
12 characters A-Z and 0-9, or an Iconify JSON package (a directory with icons.json). A file that is no SVG is
refused by name and reason, and the rest goes on.

--demo imports the icons that npm start shows.

It works on DATABASE_URL, or on the embedded Postgres of DATA_DIR, whether the service runs there or not.
Pictures are made on their first request; startBackfill makes them all.
`

const REFUSALS_SHOWN = 50

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(error instanceof AppError ? `${error.message}\n` : `${(error as Error)?.stack ?? error}\n`)
  process.exitCode = 1
}

async function main(): Promise<number> {
  const { values, positionals } = parseCommandLine()
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const config = loadConfig()
  const entries = values.demo ? readDemo() : await entriesOf(positionals, config)
  return await withDatabase(config, async (databaseUrl) => {
    const database = await openDatabase(databaseUrl, { connectionsMax: 4 })
    try {
      await migrate(database.pg)
      const { originals } = await openStores(config)
      const startedAt = performance.now()
      const report = await importItems({ pg: database.pg, originals }, entries, showProgress)
      print(report, performance.now() - startedAt)
      return report.refused.length > 0 && report.added + report.changed + report.unchanged === 0 ? 1 : 0
    } finally {
      await database.close()
    }
  })
}

/** What the one path given holds. */
async function entriesOf(
  positionals: readonly string[],
  { invokedFrom }: Config,
): Promise<AsyncIterable<Entry | Refusal>> {
  const [target] = positionals
  if (!target || positionals.length > 1) {
    throw new AppError('BAD_INPUT', 'Give one directory to import; see npm run import -- --help.')
  }
  const directory = path.resolve(invokedFrom, target)
  return (await isIconifyPackage(directory)) ? readIconify(directory) : readDirectory(directory)
}

/** The database there is: the one configured, that of the running service, or our own for as long as it takes. */
async function withDatabase<T>(config: Config, work: (url: string) => Promise<T>): Promise<T> {
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

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, demo: { type: 'boolean' } },
    })
  } catch (error) {
    throw new AppError('BAD_INPUT', `${(error as Error).message}; see npm run import -- --help.`)
  }
}

function showProgress({ added, changed, unchanged }: ImportReport): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${added + changed + unchanged} items`)
}

function print({ added, changed, unchanged, refused }: ImportReport, ms: number): void {
  if (process.stderr.isTTY) process.stderr.write('\r')
  for (const { from, reason } of refused.slice(0, REFUSALS_SHOWN)) process.stdout.write(`refused ${from}: ${reason}\n`)
  if (refused.length > REFUSALS_SHOWN) process.stdout.write(`refused ${refused.length - REFUSALS_SHOWN} more\n`)
  process.stdout.write(
    `${added} added, ${changed} changed, ${unchanged} unchanged, ${refused.length} refused in ${(ms / 1000).toFixed(1)} s\n`,
  )
}
