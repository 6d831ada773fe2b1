import path from 'node:path'
import { type ArchiveCheck, checkArchive } from '../archive/check.ts'
import { fileSource } from '../archive/sources.ts'
import { loadConfig } from '../core/config.ts'
import { configureLog } from '../core/log.ts'
import type { UploadProblem } from '../uploads/end-upload.ts'
import { type SentUpload, sendArchive } from '../uploads/send-archive.ts'
import { type Ask, askService } from './ask-service.ts'
import { createOutput, type Output } from './output.ts'
import { createProgressBar } from './progress-bar.ts'
import { runningService } from './service.ts'

/** Checks a vendor's archive and sends it to a running service; returns the exit code. */
export async function runIngest(
  target: string,
  options: { dryRun?: boolean; api?: string; json?: boolean },
): Promise<number> {
  const output = createOutput(options)
  const config = loadConfig()
  configureLog(config.log)
  const file = path.resolve(config.invokedFrom, target)
  const checked = await checkFile(file, output)
  const { archive, problems, notes, bytes } = checked
  if (!archive || options.dryRun) {
    output.result({ file, bytes, vendor: archive?.vendor ?? null, problems, notes })
    return archive ? 0 : 1
  }
  const ask = askService(await runningService(config, options.api))
  return await send({ ask, file, vendor: archive.vendor, bytes }, output)
}

/** Sends it to the service and prints the result. */
async function send(
  options: { ask: Ask; file: string; vendor: string; bytes: number },
  { stream, say, result }: Output,
): Promise<number> {
  const { file } = options
  const bar = createProgressBar(stream)
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
  for (const problem of problems.nodes) say(lineOf(problem, file))
  if (problemCount > problems.nodes.length) say(`${problemCount - problems.nodes.length} more`)
  result({ file, ...upload, problems: problems.nodes })
  return status === 'COMPLETED' ? 0 : 1
}

/** Prints all problems of the archive, or its contents, and returns them. */
async function checkFile(file: string, { say }: Output): Promise<ArchiveCheck & { readonly bytes: number }> {
  const source = await fileSource(file)
  try {
    const checked = await checkArchive(source)
    const { problems, problemCount, notes, archive } = checked
    for (const note of notes) say(printable(`${file}: ${note}`))
    for (const problem of problems) say(lineOf(problem, file))
    if (problemCount > problems.length) say(`${problemCount - problems.length} more`)
    say(
      archive
        ? `${file} can be ingested: ${describe(archive)}, ${source.bytes} bytes`
        : `${file} cannot be ingested: ${problemCount} ${problemCount === 1 ? 'problem' : 'problems'}`,
    )
    return { ...checked, bytes: source.bytes }
  } finally {
    await source.close()
  }
}

function lineOf({ file, pointer, code, message }: UploadProblem, archive: string): string {
  const line = `${file ?? archive}${pointer ? ` ${pointer}` : ''}: ${code} ${message}`
  return printable(line)
}

/** A name from outside must not contain terminal control sequences or line breaks. */
const printable = (line: string): string =>
  line.replaceAll(/[\p{Cc}\p{Cf}]/gu, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`)

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
