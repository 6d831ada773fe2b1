import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Item } from '../prisma/generated/client/client.ts'
import { uniqueIdOf } from '../src/core/variant.ts'
import { importItems } from '../src/import/import-items.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { until } from '../test/support/until.ts'
import { installDependencies } from './fidelity/dependencies.ts'
import { drawIcons, shuffle } from './fidelity/sample.ts'
import { closedLoad, get, goodputOf, msOf, quantile } from './support/load.ts'
import { measureNative } from './support/native.ts'
import { type Bench, childrenOf, cpuMs, median, startProgram, table, withBench } from './support/service.ts'

const VARIANT = { preset: 'preview', format: 'WEBP' } as const
const PICTURES = 300
/** Those of one client, which is slower. */
const PICTURES_ALONE = 120
/** At first, until all hot functions are compiled, and before each measurement: renderers that were idle are slower for a moment. */
const WARM_UP = { first: 600, each: 60 }

interface Load {
  readonly perSecond: number
  readonly p50Ms: number
  /** CPU time of the server and its children per picture. */
  readonly cpuMs: number
}

interface Server {
  readonly pid: number
  readonly urlOf: (item: Item) => string
}

/**
 * Pictures of icons of all sets of Iconify that are made on demand, 512 px as WebP, each for the first time: alone, and while a worker could
 * make the other presets of the same items. In turns with imgproxy, with the same originals from the same disk, and with native code. Says so
 * where one of them is not given.
 * `npm run bench -- demand [--imgproxy PROGRAM] [--native PROGRAM] [--rounds 3]`
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      imgproxy: { type: 'string' },
      native: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      items: { type: 'string', default: '6200' },
      clients: { type: 'string', default: '1,4,16' },
    },
  })
  const clients = values.clients.split(',').map(Number)
  await withBench(async (bench) => {
    const items = await importIcons(bench, Number(values.items))
    const take = (count: number) => {
      if (items.length < count) throw new Error('too few items: fewer --rounds')
      return items.splice(0, count)
    }
    const api = await startApi(bench)
    const imgproxy = values.imgproxy ? await startImgproxy(bench, values.imgproxy) : null
    const first = take(WARM_UP.first)
    for (const server of [api, imgproxy]) if (server) await ask(server, { items: first, clients: 4 })
    const loads = new Map<string, Load[]>()
    const note = (name: string, load: Load) => loads.set(name, [...(loads.get(name) ?? []), load])
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const count of clients) {
        await ask(api, { items: take(WARM_UP.each), clients: count })
        const own = take(count === 1 ? PICTURES_ALONE : PICTURES)
        note(`ours ${count}`, await ask(api, { items: own, clients: count }))
        if (imgproxy) note(`imgproxy ${count}`, await ask(imgproxy, { items: own, clients: count }))
      }
      const worker = await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })
      await idle(worker.child.pid ?? 0)
      for (const count of clients.filter((each) => each > 1)) {
        await ask(api, { items: take(WARM_UP.each), clients: count })
        note(`warmed ${count}`, await ask(api, { items: take(PICTURES), clients: count }))
        await warmed(bench)
      }
      worker.child.kill('SIGTERM')
      await once(worker.child, 'exit')
    }
    const native = values.native ? await measureLimit(bench, values.native, take(PICTURES)) : null
    const rows = clients.flatMap((count) => rowsOf(loads, { count, native }))
    process.stdout.write(`\n${table(['what', 'pictures/s', 'p50', 'CPU', 'compared with', 'ratio', 'goal'], rows)}\n`)
    if (!imgproxy) process.stdout.write('imgproxy was not measured: --imgproxy PROGRAM names it.\n')
    if (!native) process.stdout.write('Native code was not measured: --native PROGRAM names it.\n')
  })
}

function rowsOf(
  loads: ReadonlyMap<string, readonly Load[]>,
  { count, native }: { count: number; native: number | null },
): string[][] {
  const of = (name: string, pick: (load: Load) => number) => median((loads.get(`${name} ${count}`) ?? []).map(pick))
  const cells = (name: string) => [
    of(name, ({ perSecond }) => perSecond).toFixed(1),
    `${of(name, ({ p50Ms }) => p50Ms).toFixed(1)} ms`,
    `${of(name, (load) => load.cpuMs).toFixed(1)} ms`,
  ]
  const what = count === 1 ? '1 client' : `${count} clients`
  const [pick, goal]: [(load: Load) => number, string] =
    count === 1 ? [({ p50Ms }) => p50Ms, 'p50 <= 0.7'] : [({ perSecond }) => perSecond, '>= 1.8']
  const rows = [[`${what}, ours`, ...cells('ours'), '', '', '']]
  const compare = (against: string, ratio: number, aim: string) =>
    rows.push([`${what}, ours`, ...cells('ours'), against, ratio.toFixed(2), aim])
  if (loads.has(`imgproxy ${count}`)) {
    rows.pop()
    compare(`imgproxy ${cells('imgproxy').join(', ')}`, of('ours', pick) / of('imgproxy', pick), goal)
  }
  if (native && count > 1)
    compare(`native code ${native.toFixed(0)}/s`, of('ours', ({ perSecond }) => perSecond) / native, '')
  if (count > 1)
    rows.push([
      `${what}, a worker makes the other presets`,
      ...cells('warmed'),
      'without',
      (of('warmed', ({ perSecond }) => perSecond) / of('ours', ({ perSecond }) => perSecond)).toFixed(2),
      '>= 0.95',
    ])
  return rows
}

/** Icons of all sets in turn, in random order. */
async function importIcons({ app }: Bench, count: number): Promise<Item[]> {
  const { modules } = await installDependencies()
  const icons = await drawIcons(modules, { count, seed: 1, colourShare: 'as the sets are' })
  async function* entries() {
    for (const { name, svg } of icons) {
      const [prefix = '', slug = ''] = name.split(':')
      const [vendor, family] = [
        { username: prefix, name: prefix },
        { uniqueId: uniqueIdOf(prefix), name: prefix },
      ]
      const iconSet = { ...family, kind: 'ICON' as const }
      yield { vendor, family, iconSet, slug, name: slug, from: name, bytes: svg }
    }
  }
  await importItems({ pg: app.pg, originals: app.stores.originals }, entries())
  return shuffle(await app.prisma.item.findMany({ orderBy: { id: 'asc' } }), 1)
}

async function startApi(bench: Bench): Promise<Server> {
  const logFile = path.join(bench.env.DATA_DIR ?? '', 'api.log')
  const { child, said } = await startProgram(bench, { file: 'src/bin/api.ts', ready: /graphql/, logFile })
  const url = /http:\S+(?=\/graphql)/.exec(said)?.[0]
  return { pid: child.pid ?? 0, urlOf: (item) => `${url}/images/${variantKeyOf(bench.app, item, VARIANT)}` }
}

/** With its defaults: it draws from our folder of originals, and keeps nothing. */
async function startImgproxy(bench: Bench, program: string): Promise<Server> {
  const port = await freePort()
  const env = {
    IMGPROXY_BIND: `127.0.0.1:${port}`,
    IMGPROXY_LOCAL_FILESYSTEM_ROOT: path.join(bench.env.DATA_DIR ?? '', 'originals'),
    IMGPROXY_LOG_LEVEL: 'error',
    // Our clients keep their connections while ours is asked.
    IMGPROXY_KEEP_ALIVE_TIMEOUT: '600',
    PATH: process.env.PATH,
  }
  const child = spawn(program, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const gone = once(child, 'exit')
  bench.onClose(async () => {
    child.kill('SIGTERM')
    await gone
  })
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await get(`${url}/health`).catch(() => 0)) === 200)
  return {
    pid: child.pid ?? 0,
    urlOf: ({ sourceKey }) => `${url}/unsafe/rs:fit:512:512:1:1/bg:255:255:255/q:80/plain/local:///${sourceKey}@webp`,
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function ask(
  { pid, urlOf }: Server,
  { items, clients }: { items: readonly Item[]; clients: number },
): Promise<Load> {
  const before = await cpuOfTree(pid)
  const load = await closedLoad(items.map(urlOf).values(), { clients })
  // Iconify has a few empty icons.
  const bad = load.answers.filter(({ status }) => status !== 200 && status !== 422)
  if (bad.length > 0) throw new Error(`${bad.length} of ${items.length} answers are not 200, such as ${bad[0]?.status}`)
  return {
    perSecond: goodputOf(load),
    p50Ms: quantile(msOf(load.answers, 200), 0.5),
    cpuMs: ((await cpuOfTree(pid)) - before) / items.length,
  }
}

async function cpuOfTree(pid: number): Promise<number> {
  const all = await Promise.all([pid, ...(await childrenOf(pid))].map(cpuMs))
  return all.reduce((sum, ms) => sum + ms, 0)
}

/** Waits until a process and its children have started: until they take less than a twentieth of a core. */
async function idle(pid: number): Promise<void> {
  let before = 0
  await until(async () => {
    await delay(400)
    const now = await cpuOfTree(pid)
    const isIdle = now - before < 20
    before = now
    return isIdle
  }, 60_000)
}

/** Waits until the API has queued what its viewers' items lack, and the worker has made it. */
async function warmed({ app }: Bench): Promise<void> {
  await delay(1000)
  await until(
    async () => (await app.pg.query('select count(*)::int as n from graphile_worker.jobs')).rows[0].n === 0,
    60_000,
  )
}

async function measureLimit({ app }: Bench, program: string, items: readonly Item[]): Promise<number> {
  const read = async ({ sourceKey }: Item) => (await app.stores.originals.get(sourceKey)) as Buffer
  const { rate } = await measureNative(program, {
    sources: await Promise.all(items.map(read)),
    threads: 2,
    isOne: true,
  })
  return rate
}
