import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { type CatalogueItem, describeItems, upsertItems } from '../src/catalogue/upsert-items.ts'
import { readSynonyms } from '../src/core/synonyms.ts'
import { printSourceKey } from '../src/core/variant.ts'
import { readDemo } from '../src/import/demo.ts'
import { readIconifyCollection } from '../src/import/iconify-collection.ts'
import { importItems } from '../src/import/import-items.ts'
import { indexItems } from '../src/search/index-items.ts'
import { search } from '../src/search/search.ts'
import { createThesaurus } from '../src/search/synonyms.ts'
import { installDependencies } from './fidelity/dependencies.ts'
import { type Bench, table, withBench } from './support/service.ts'

const FIRST = 8
const P95_GOAL_MS = 50
const ROUNDS = 20
/** Searches for words that were not asked before. */
const NEW_WORDS = 300

interface Query {
  readonly text: string
  readonly wanted: RegExp
  readonly least: number
}

/**
 * Typical searches on the demo catalogue: how many have relevant results among the first eight, and how long searches take
 * with all of Iconify. `npm run bench -- search [--queries FILE] [--demo] [--packages FOLDER]`
 */
export async function run(args: string[]): Promise<void> {
  const options = {
    queries: { type: 'string', default: path.join(import.meta.dirname, 'search-queries.tsv') },
    // Without all of Iconify.
    demo: { type: 'boolean' },
    // The folder where @iconify/json is installed, to avoid another copy.
    packages: { type: 'string' },
  } as const
  const { values } = parseArgs({ args, options })
  const queries = readQueries(values.queries)
  await withBench(async (bench) => {
    await importItems({ pg: bench.app.pg, originals: bench.app.stores.originals }, readDemo())
    await bench.app.pg.query('vacuum (analyze)')
    await showFound(bench, queries)
    await showTimes(bench, queries)
  })
  if (values.demo) return
  const modules = values.packages ?? (await installDependencies()).modules
  await withBench(async (bench) => {
    const startedAt = performance.now()
    await importNames(bench, path.join(modules, '@iconify/json'))
    const seconds = (performance.now() - startedAt) / 1000
    process.stdout.write(`all of Iconify written and indexed in ${seconds.toFixed(0)} s, without its pictures\n`)
    await showFound(bench, queries)
    await showTimes(bench, queries)
  })
}

const BATCH_ITEMS = 2000

/** Imports only rows: reading and storing the pictures would take longer than the benchmark. */
async function importNames({ app: { pg } }: Bench, directory: string): Promise<void> {
  let batch: CatalogueItem[] = []
  const flush = async () => {
    await upsertItems(pg, batch)
    await describeItems(pg, batch)
    await indexItems(pg)
    batch = []
  }
  for await (const entry of readIconifyCollection(pg, directory)) {
    if ('reason' in entry) continue
    const { vendor, family, iconSet, slug } = entry
    const key = {
      vendor: vendor.username,
      kind: iconSet.kind,
      family: family.uniqueId,
      iconSet: iconSet.uniqueId,
      slug,
    }
    batch.push({ ...entry, sourceKey: printSourceKey(key), sourceHash: 'bench', width: 24, height: 24 })
    if (batch.length === BATCH_ITEMS) await flush()
  }
  await flush()
  await pg.query('vacuum (analyze)')
}

/** `query`, `regular expression on "slug name"`, `how many of the first eight must match`, separated by tabs. */
const readQueries = (file: string): Query[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => {
      const [text = '', wanted = '', least = ''] = line.split('\t')
      return { text, wanted: new RegExp(wanted, 'i'), least: Number(least) }
    })

const thesaurus = createThesaurus(readSynonyms(path.join(import.meta.dirname, '../search/synonyms.txt')).synonyms)
const ask = ({ app }: Bench, text: string) =>
  search(
    { searchPool: app.searchPool, thesaurus },
    { text, filter: { scope: WHOLE_CATALOGUE }, sort: 'RELEVANCE', seed: 0 },
    { limit: 25, isBackward: false, from: null, meant: null },
  )

async function showFound(bench: Bench, queries: readonly Query[]): Promise<void> {
  const rows: string[][] = []
  let right = 0
  for (const { text, wanted, least } of queries) {
    const { rows: found } = await ask(bench, text)
    const ids = found.slice(0, FIRST).map(({ id }) => id)
    const items = await bench.app.prisma.item.findMany({ where: { id: { in: ids } } })
    const names = ids.map((id) => items.find((item) => item.id === id)).map((item) => `${item?.slug} ${item?.name}`)
    const matching = names.filter((name) => wanted.test(name)).length
    if (matching >= least) right++
    rows.push([
      matching >= least ? 'yes' : 'NO',
      text,
      `${matching} of ${least}`,
      names.map((name) => name.split(' ')[0]).join(', '),
    ])
  }
  process.stdout.write(`${table(['right', 'query', 'relevant among the first eight', 'first results'], rows)}\n`)
  process.stdout.write(`${right} of ${queries.length} right\n`)
}

/** Runs the queries in turn, so that none benefits from caches that its own previous run left warm; then words never asked before. */
async function showTimes(bench: Bench, queries: readonly Query[]): Promise<void> {
  const times = new Map<string, number[]>()
  for (let round = 0; round <= ROUNDS; round++)
    for (const { text } of queries) {
      const ms = await timed(bench, text)
      if (round > 0) times.set(text, [...(times.get(text) ?? []), ms])
    }
  const { pg } = bench.app
  const { rows } = await pg.query<{ items: string }>('select count(*) as items from item')
  process.stdout.write(`${rows[0]?.items} items: ${summary(times)}\n`)
  const { rows: words } = await pg.query<{ word: string }>(
    `select word from search_word where items > 0 and char_length(word) > 2 order by hashtext(word), word limit ${2 * NEW_WORDS}`,
  )
  const half = words.slice(0, NEW_WORDS).map(({ word }) => word)
  const other = words.slice(NEW_WORDS).map(({ word }) => word)
  const kinds: Record<string, string[]> = {
    'a word': half,
    'its first letters': half.map((word) => word.slice(0, Math.max(2, Math.floor(word.length / 2)))),
    'two words': half.map((word, at) => `${word} ${other[at] ?? ''}`),
    'misspelt words': half.map((word) => `${word.slice(0, 1)}${word.slice(2)}`),
  }
  for (const [kind, texts] of Object.entries(kinds)) {
    const fresh = new Map<string, number[]>()
    for (const text of texts) fresh.set(text, [await timed(bench, text)])
    process.stdout.write(`${kind}, never asked before: ${summary(fresh)}\n`)
  }
}

async function timed(bench: Bench, text: string): Promise<number> {
  const startedAt = performance.now()
  await ask(bench, text)
  return performance.now() - startedAt
}

function summary(times: ReadonlyMap<string, readonly number[]>): string {
  const at = (list: readonly number[], share: number) =>
    [...list].sort((a, b) => a - b)[Math.ceil(list.length * share) - 1] ?? 0
  const all = [...times.values()].flat()
  const slowest = [...times]
    .map(([text, list]) => ({ text, ms: at(list, 0.95) }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 6)
    .map(({ text, ms }) => `${text} ${ms.toFixed(0)} ms`)
  return `p50 ${at(all, 0.5).toFixed(1)} ms, p95 ${at(all, 0.95).toFixed(1)} ms (goal ${P95_GOAL_MS}), slowest by p95: ${slowest.join(', ')}`
}
