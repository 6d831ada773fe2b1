import path from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig } from './config.ts'
import { AppError } from './errors.ts'
import { fileSource } from './ingest/archive.ts'
import { type ArchiveCheck, checkArchive } from './ingest/check-archive.ts'

const HELP = `Takes in a vendor's archive: a ZIP of SVGs with a manifest.json, as docs/manifest.schema.json says.

  npm run ingest -- --dry-run ARCHIVE

--dry-run says what the archive holds, or everything that is wrong with it, a line each, "FILE POINTER: CODE sentence",
where POINTER is the place in the manifest. Nothing is written. Exit code 1 when there is a problem.
`

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
  const [target, ...others] = positionals
  if (!target || others.length > 0)
    throw new AppError('BAD_INPUT', 'Give one archive to take in; see npm run ingest -- --help.')
  const file = path.resolve(config.invokedFrom, target)
  if (!values['dry-run'])
    throw new AppError(
      'BAD_INPUT',
      'Archives are not taken in yet: check one with npm run ingest -- --dry-run ARCHIVE.',
    )
  return await dryRun(file)
}

/** Says all that is wrong with the archive, or what it holds. */
async function dryRun(file: string): Promise<number> {
  const source = await fileSource(file)
  try {
    const { problems, problemCount, archive } = await checkArchive(source)
    for (const problem of problems) process.stdout.write(`${lineOf(problem, file)}\n`)
    if (problemCount > problems.length) process.stdout.write(`${problemCount - problems.length} more\n`)
    process.stdout.write(
      archive
        ? `${file} can be taken in: ${describe(archive)}, ${source.bytes} bytes\n`
        : `${file} cannot be taken in: ${problemCount} ${problemCount === 1 ? 'problem' : 'problems'}\n`,
    )
    return archive ? 0 : 1
  } finally {
    await source.close()
  }
}

function lineOf({ file, pointer, code, message }: ArchiveCheck['problems'][number], archive: string): string {
  const line = `${file ?? archive}${pointer ? ` ${pointer}` : ''}: ${code} ${message}`
  // A name from outside must not give the terminal orders, nor begin a line of its own.
  return line.replaceAll(/[\p{Cc}\p{Cf}]/gu, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`)
}

function describe({ manifest, sets }: NonNullable<ArchiveCheck['archive']>): string {
  const count = (key: 'files' | 'removed') => sets.reduce((sum, set) => sum + set[key].length, 0)
  const counts = [
    `${new Set(sets.map(({ family }) => family.uniqueId)).size} families`,
    `${sets.length} sets`,
    `${count('files')} files`,
    `${count('removed')} removed`,
  ]
  return `${counts.join(', ')} of ${manifest.vendor}`
}

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, 'dry-run': { type: 'boolean' } },
    })
  } catch (error) {
    throw new AppError('BAD_INPUT', `${(error as Error).message}; see npm run ingest -- --help.`)
  }
}
