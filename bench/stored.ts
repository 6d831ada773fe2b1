import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import type { Item } from '../prisma/generated/client/client.ts'
import { importDemo } from './support/backfills.ts'
import { getImage } from './support/load.ts'
import { previewPathsOf } from './support/paths.ts'
import { type Bench, cpuMs, evenly, median, startProgram, table, withBench } from './support/service.ts'

const ROOT = path.join(import.meta.dirname, '..')
/** The server has one core to itself; Postgres and the clients share the other. */
const [SERVER_CORE, CLIENT_CORE] = ['0', '1']
const CLIENTS = 32
const PICTURES = 50

interface Load {
  readonly perSecond: number
  readonly p99Ms: number
  /** CPU time of the server per response. */
  readonly cpuMs: number
}

/**
 * Stored pictures from the filesystem by an API on one core, compared in turns with node:http that sends one picture from memory, and with
 * the APIs of other checkouts. `npm run bench -- stored [--beside DIR]... [--rounds 5] [--seconds 4] [--flags FLAGS]`
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      beside: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      flags: { type: 'string', default: '' },
    },
  })
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
  // Child processes inherit it.
  execFileSync('taskset', ['-cp', CLIENT_CORE, String(process.pid)])
  await withBench(async (bench) => {
    const items = evenly(await importDemo(bench, 200), PICTURES)
    const flags = values.flags.split(' ').filter(Boolean)
    const bare = await startServer(bench, { file: 'bench/support/bare.ts' })
    const servers = new Map<string, Stored>([
      ['node:http alone', { ...bare, paths: items.map(({ sourceKey }) => `/${sourceKey}`) }],
    ])
    for (const folder of values.beside) servers.set(path.basename(folder), await startApi(bench, { folder, items }))
    servers.set('ours', await startApi(bench, { folder: ROOT, items, flags }))
    const measured = new Map([...servers.keys()].map((name) => [name, [] as Load[]]))
    for (let round = -1; round < rounds; round++)
      for (const [name, server] of servers) {
        const load = await ask(server, seconds)
        // The first round is a warm-up.
        if (round >= 0) measured.get(name)?.push(load)
      }
    process.stdout.write(`${table(HEAD, rowsOf(measured))}\n`)
  })
}

const HEAD = ['what', 'pictures/s', 'of node:http alone', 'p99', 'CPU a picture']

function rowsOf(measured: ReadonlyMap<string, readonly Load[]>) {
  const of = (name: string, pick: (load: Load) => number) => median((measured.get(name) ?? []).map(pick))
  const [first = ''] = measured.keys()
  return [...measured].map(([name, loads]) => [
    name,
    `${of(name, ({ perSecond }) => perSecond).toFixed(0)} (${loads.map(({ perSecond }) => perSecond.toFixed(0)).join(', ')})`,
    (of(name, ({ perSecond }) => perSecond) / of(first, ({ perSecond }) => perSecond)).toFixed(2),
    `${of(name, ({ p99Ms }) => p99Ms).toFixed(1)} ms`,
    `${of(name, (load) => load.cpuMs).toFixed(3)} ms`,
  ])
}

interface Server {
  readonly url: string
  readonly pid: number
}

interface Stored extends Server {
  /** Of stored pictures. */
  readonly paths: readonly string[]
}

let started = 0

async function startServer(
  bench: Bench,
  { file, flags = [] }: { file: string; flags?: readonly string[] },
): Promise<Server> {
  const prefix = ['taskset', '-c', SERVER_CORE]
  const logFile = path.join(bench.env.DATA_DIR ?? '', `server-${started++}.log`)
  const { child, said } = await startProgram(bench, { file, ready: /http:\S+\/graphql/, prefix, flags, logFile })
  return { url: /http:\S+(?=\/graphql)/.exec(said)?.[0] ?? '', pid: child.pid ?? 0 }
}

/** The API of a checkout, which has made the pictures of these items. */
async function startApi(
  bench: Bench,
  { folder, items, flags = [] }: { folder: string; items: readonly Item[]; flags?: readonly string[] },
): Promise<Stored> {
  const server = await startServer(bench, { file: path.resolve(folder, 'src/bin/api.ts'), flags })
  const paths = items.map(await previewPathsOf(folder, bench.app))
  for (const each of paths) await getImage(server.url + each)
  return { ...server, paths }
}

async function ask({ url, pid, paths }: Stored, seconds: number): Promise<Load> {
  const before = await cpuMs(pid)
  const { latency, requests, non2xx, errors } = await autocannon({
    url,
    connections: CLIENTS,
    duration: seconds,
    requests: paths.map((each) => ({ path: each })),
  })
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests to ${url} failed`)
  const cpu = (await cpuMs(pid)) - before
  return { perSecond: requests.average, p99Ms: latency.p99, cpuMs: cpu / requests.total }
}
