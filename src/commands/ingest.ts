import path from 'node:path'
import { parseArgs } from 'node:util'
import { loadAdminTokens } from '../access/secrets.ts'
import { fileSource } from '../archive/archive.ts'
import { type ArchiveCheck, checkArchive } from '../archive/check.ts'
import { loadConfig } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { configureLog } from '../core/log.ts'
import type { UploadProblem } from '../uploads/end-upload.ts'
import { type SentUpload, sendArchive } from '../uploads/send-archive.ts'
import { createProgressBar } from './progress-bar.ts'

const HELP = `Ingests a vendor's archive: a ZIP of SVGs with a manifest.json that matches docs/manifest.schema.json.

  npm run ingest -- ARCHIVE [--api URL]
  npm run ingest -- --dry-run ARCHIVE

It is checked here, sent to a running service (http://HOST:PORT unless --api says where) with the first token of ADMIN_TOKENS,
ADMIN_TOKEN or DATA_DIR, and followed until its last picture is made. Exit code 1 unless it was ingested.

--dry-run says what the archive holds, or everything that is wrong with it, a line each, "FILE POINTER: CODE sentence",
where POINTER is the place in the manifest. Nothing is written. Exit code 1 when there is a problem.
`

/** The command; returns its exit code. Throws AppError for invalid arguments. */
export async function runIngest(): Promise<number> {
  const { values, positionals } = parseCommandLine()
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const config = loadConfig()
  configureLog(config.log)
  const [target, ...others] = positionals
  if (!target || others.length > 0)
    throw new AppError('BAD_INPUT', 'One archive to ingest is needed; see npm run ingest -- --help.')
  if (values.api && !URL.canParse(values.api))
    throw new AppError('BAD_INPUT', `--api ${values.api} is not a URL like http://localhost:4000.`)
  const file = path.resolve(config.invokedFrom, target)
  const checked = await checkFile(file)
  if (!checked || values['dry-run']) return checked ? 0 : 1
  const { host, port } = config
  const [token = ''] = await loadAdminTokens(config)
  return await send({ api: values.api ?? `http://${host}:${port}`, token, file, ...checked })
}

/** Sends it to the service and prints the result. */
async function send(options: {
  api: string
  token: string
  file: string
  vendor: string
  bytes: number
}): Promise<number> {
  const { file } = options
  const bar = createProgressBar(process.stdout)
  const onPoll = ({ items }: SentUpload) =>
    bar.draw({
      totalItems: items.total,
      doneItems: items.done,
      failedItems: items.failed,
      imagesMade: 0,
      bytesWritten: 0,
      itemsPerSecond: null,
      etaSeconds: null,
    })
  const upload = await sendArchive({ ...options, fileName: path.basename(file), onPoll })
  const { status, problemCount, problems, items } = upload
  bar.end(
    `${file} ${status}: ${items.added} added, ${items.changed} changed, ${items.removed} removed, ${items.failed} failed`,
  )
  for (const problem of problems.nodes) process.stdout.write(`${lineOf(problem, file)}\n`)
  if (problemCount > problems.nodes.length) process.stdout.write(`${problemCount - problems.nodes.length} more\n`)
  return status === 'COMPLETED' ? 0 : 1
}

/** Prints all problems of the archive, or its contents. Null if there are problems. */
async function checkFile(file: string): Promise<{ vendor: string; bytes: number } | null> {
  const source = await fileSource(file)
  try {
    const { problems, problemCount, archive } = await checkArchive(source)
    for (const problem of problems) process.stdout.write(`${lineOf(problem, file)}\n`)
    if (problemCount > problems.length) process.stdout.write(`${problemCount - problems.length} more\n`)
    process.stdout.write(
      archive
        ? `${file} can be ingested: ${describe(archive)}, ${source.bytes} bytes\n`
        : `${file} cannot be ingested: ${problemCount} ${problemCount === 1 ? 'problem' : 'problems'}\n`,
    )
    return archive && { vendor: archive.vendor, bytes: source.bytes }
  } finally {
    await source.close()
  }
}

function lineOf({ file, pointer, code, message }: UploadProblem, archive: string): string {
  const line = `${file ?? archive}${pointer ? ` ${pointer}` : ''}: ${code} ${message}`
  // A name from outside must not contain terminal control sequences or line breaks.
  return line.replaceAll(/[\p{Cc}\p{Cf}]/gu, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`)
}

function describe({ vendor, sets }: NonNullable<ArchiveCheck['archive']>): string {
  const count = (key: 'files' | 'removed') => sets.reduce((sum, set) => sum + set[key].length, 0)
  const families = new Set(sets.map(({ family }) => family.uniqueId)).size
  const counts = [
    families === 1 ? '1 family' : `${families} families`,
    sets.length === 1 ? '1 set' : `${sets.length} sets`,
    count('files') === 1 ? '1 file' : `${count('files')} files`,
    `${count('removed')} removed`,
  ]
  return `${counts.join(', ')} of ${vendor}`
}

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, 'dry-run': { type: 'boolean' }, api: { type: 'string' } },
    })
  } catch (error) {
    throw new AppError('BAD_INPUT', `${(error as Error).message}; see npm run ingest -- --help.`)
  }
}
