import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { printCursor } from '../src/graphql/cursor.ts'
import { importDemo } from './support/backfills.ts'
import { measureFields } from './support/field-costs.ts'
import { type Bench, cpuMs, median, startProgram, table, withBench } from './support/service.ts'

/** The server has one core to itself; Postgres and the clients share the other. */
const [SERVER_CORE, CLIENT_CORE] = ['0', '1']
const CLIENTS = 8
const ROUNDS = 3

const image = (preset: string) => `${preset}: image(preset: "${preset}") { url width height }`
const PAGE_INFO = 'pageInfo { hasNextPage endCursor }'
interface Query {
  readonly name: string
  readonly query: string
  /** The goal, as a fraction of the constant's responses per second. */
  readonly ratio?: number
  readonly p50Ms?: number
  /** Each client asks for another page, so that none shares a statement. */
  readonly isDistinct?: true
}
const CONSTANT: Query = { name: 'constant', query: '{ hello }' }
const QUERIES: readonly Query[] = [
  {
    name: '24 items with URLs',
    query: `{ items(first: 24) { nodes { id name image { url width height } } ${PAGE_INFO} } }`,
    ratio: 0.5,
  },
  {
    name: 'the same, another page for each client',
    query: `query ($after: String) { items(first: 24, after: $after) { nodes { id name image { url width height } } ${PAGE_INFO} } }`,
    isDistinct: true,
  },
  {
    name: '24 items with three images and their vendor',
    query: `{ items(first: 24) { nodes { id name vendor { name } ${['thumbnail', 'preview', 'watermark'].map(image).join(' ')} } ${PAGE_INFO} } }`,
    ratio: 0.3,
  },
  {
    name: '100 items with three images and their status',
    query: `{ items(first: 100) { nodes { id name ${['thumbnail', 'preview', 'watermark'].map((preset) => image(preset).replace('height', 'height status')).join(' ')} } ${PAGE_INFO} } }`,
    p50Ms: 20,
  },
  {
    name: 'a search, 24 items with URLs',
    query: `{ items(first: 24, search: "arrow") { nodes { id name image { url width height } } ${PAGE_INFO} } }`,
    ratio: 0.3,
  },
]

/**
 * Compares GraphQL on one core with eight clients to graphql-yoga returning a constant, in turns.
 * `npm run bench -- graphql [--items 6283] [--seconds 4]`. With `--fields PATTERN`, what the most that may be asked of each field takes.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      items: { type: 'string', default: '6283' },
      seconds: { type: 'string', default: '4' },
      fields: { type: 'string' },
    },
  })
  const { fields } = values
  if (fields !== undefined) return await withBench((bench) => measureFields(bench, new RegExp(fields)))
  const seconds = Number(values.seconds)
  // Child processes inherit it.
  execFileSync('taskset', ['-cp', CLIENT_CORE, String(process.pid)])
  await withBench(
    async (bench) => {
      await importDemo(bench, Number(values.items))
      await bench.app.pg.query('vacuum analyze')
      const constant = await startServer(bench, 'bench/support/constant.ts')
      const api = await startServer(bench, 'src/bin/api.ts')
      const measured = new Map<string, Load[]>()
      for (let round = -1; round < ROUNDS; round++)
        for (const query of [CONSTANT, ...QUERIES]) {
          const { name } = query
          const load = await ask(query === CONSTANT ? constant : api, { query, seconds: round < 0 ? 1 : seconds })
          // The first round is a warm-up.
          if (round >= 0) measured.set(name, [...(measured.get(name) ?? []), load])
        }
      process.stdout.write(`${table(HEAD, rowsOf(measured))}\n`)
    },
    { env: { WARM_PAGES: 'off' } },
  )
}

interface Load {
  readonly perSecond: number
  readonly p50Ms: number
  /** CPU time of the server per response, which does not depend on other programs on the machine. */
  readonly cpuMs: number
}

const HEAD = ['what', 'answers/s', 'p50', 'CPU', 'of the constant', 'of its CPU', 'goal']

function rowsOf(measured: ReadonlyMap<string, readonly Load[]>) {
  const of = (name: string, pick: (load: Load) => number) => median((measured.get(name) ?? []).map(pick))
  const rate = (name: string) => of(name, ({ perSecond }) => perSecond)
  const cpu = (name: string) => of(name, (load) => load.cpuMs)
  const row = (name: string, goal: string) => [
    name,
    rate(name).toFixed(0),
    `${of(name, ({ p50Ms }) => p50Ms).toFixed(1)} ms`,
    `${cpu(name).toFixed(2)} ms`,
    (rate(name) / rate('constant')).toFixed(2),
    (cpu('constant') / cpu(name)).toFixed(2),
    goal,
  ]
  return [
    row('constant', ''),
    ...QUERIES.map(({ name, ratio, p50Ms }) => row(name, p50Ms ? `p50 <= ${p50Ms} ms` : ratio ? `>= ${ratio}` : '')),
  ]
}

interface Server {
  readonly url: string
  readonly pid: number
}

async function startServer(bench: Bench, file: string): Promise<Server> {
  const prefix = ['taskset', '-c', SERVER_CORE]
  const logFile = path.join(bench.env.DATA_DIR ?? '', `${path.basename(file)}.log`)
  const { child, said } = await startProgram(bench, { file, ready: /http:\S+\/graphql/, prefix, logFile })
  return { url: /http:\S+\/graphql/.exec(said)?.[0] ?? '', pid: child.pid ?? 0 }
}

async function ask(
  { url, pid }: Server,
  { query: { query, isDistinct }, seconds }: { query: Query; seconds: number },
): Promise<Load> {
  let clients = 0
  const before = await cpuMs(pid)
  const { latency, requests, non2xx, errors } = await autocannon({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
    ...(isDistinct && {
      setupClient: (client: autocannon.Client) => {
        const after = printCursor('Query.items', 1 + 24 * clients++)
        client.setBody(JSON.stringify({ query, variables: { after } }))
      },
    }),
    connections: CLIENTS,
    duration: seconds,
  })
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests to ${url} failed`)
  const cpu = (await cpuMs(pid)) - before
  return { perSecond: requests.average, p50Ms: latency.p50, cpuMs: cpu / requests.total }
}
