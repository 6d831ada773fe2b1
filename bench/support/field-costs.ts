import { readFile } from 'node:fs/promises'
import { schema } from '../../src/graphql/schema.ts'
import { CATALOGUE_NAMES, fillCatalogue } from '../../test/support/full-catalogue.ts'
import { worstDocuments } from '../../test/support/worst-documents.ts'
import { type Bench, startProgram, table } from './service.ts'

/** What a document that passes the limits may take of the event loop, and send. */
const GOAL = { loopMs: 300, bytes: 8_000_000 }
/** Of each vendor, of which there are 100. */
const ITEMS = 10
const SHOWN = 20
/** Those that take this part of the goal are measured again, and the least time counts: it is the one without other programs' part. */
const AGAIN_FROM = 0.5
const AGAIN = 3

/**
 * For every field of the schema, sends the documents that ask for it most often within the limits to an API process with full pages of
 * everything, and prints the CPU time of the process's main thread, which is the event loop's, and the length of the response.
 */
export async function measureFields(bench: Bench, pattern: RegExp): Promise<void> {
  await fillCatalogue(bench.app, { items: ITEMS, texts: 'long' })
  const { child, said } = await startProgram(bench, { file: 'src/bin/api.ts', ready: /http:\S+\/graphql/ })
  const url = /http:\S+\/graphql/.exec(said)?.[0] ?? ''
  const loopMs = async () => Number((await readFile(`/proc/${child.pid}/schedstat`, 'utf8')).split(' ')[0]) / 1e6
  const ask = async (query: string) => {
    const from = await loopMs()
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer bench' },
      body: JSON.stringify({ query }),
    })
    const { byteLength: bytes } = await response.arrayBuffer()
    return { ms: (await loopMs()) - from, bytes }
  }
  const documents = worstDocuments(schema, CATALOGUE_NAMES).filter(({ field }) => pattern.test(field))
  // The first documents pay for code that is not compiled yet.
  for (const { query } of documents.filter((_, at) => at % 20 === 0)) await ask(query)
  const measured = []
  for (const { field, count, query } of documents) {
    const runs = [await ask(query)]
    while (runs.length < AGAIN && Math.min(...runs.map(({ ms }) => ms)) > GOAL.loopMs * AGAIN_FROM)
      runs.push(await ask(query))
    measured.push({ field, count, ms: Math.min(...runs.map(({ ms }) => ms)), bytes: runs[0]?.bytes ?? 0 })
  }
  measured.sort((a, b) => b.ms - a.ms)
  const rows = measured
    .slice(0, SHOWN)
    .map(({ field, count, ms, bytes }) => [
      field,
      count,
      `${ms.toFixed(0)} ms`,
      `${(bytes / 1e6).toFixed(2)} MB`,
      (ms / GOAL.loopMs).toFixed(2),
    ])
  const over = measured.filter(({ ms, bytes }) => ms > GOAL.loopMs || bytes > GOAL.bytes)
  const longest = Math.max(...measured.map(({ bytes }) => bytes))
  process.stdout.write(
    `${table(['field', 'pages x rows x aliases', 'event loop', 'response', `of ${GOAL.loopMs} ms`], rows)}\n` +
      `${documents.length} documents for ${new Set(documents.map(({ field }) => field)).size} fields; the longest response has ${(longest / 1e6).toFixed(2)} MB; ` +
      `${over.length} above ${GOAL.loopMs} ms or ${GOAL.bytes} bytes: ${[...new Set(over.map(({ field }) => field))].join(', ') || 'none'}\n`,
  )
}
