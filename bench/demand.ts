import { once } from 'node:events'
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
import { type ImageServer, startImgproxy } from './support/imgproxy.ts'
import { closedLoad, msOf, quantile } from './support/load.ts'
import { measureNative } from './support/native.ts'
import { type Bench, childrenOf, cpuMs, median, startProgram, table, withBench } from './support/service.ts'

const VARIANT = { preset: 'preview', format: 'WEBP' } as const
const PICTURES = 300
/** Those of one client, which is slower. */
const PICTURES_ALONE = 120
/** At first, until all hot functions are compiled, and before each measurement: renderers that were idle are slower for a moment. */
const WARM_UP = { first: 600, each: 60 }

interface Load {
  readonly pictures: number
  readonly elapsedMs: number
  readonly p50Ms: number
  /** CPU time of the server and its children per picture. */
  readonly cpuMs: number
}

/**
 * Pictures of icons of all sets of Iconify that are made on demand, 512 px as WebP, each for the first time: alone, and, as another item, while a
 * worker could make the other presets of the same items. In turns with imgproxy, with the same originals from the same disk, and with native code. Says so
 * where one of them is not given.
 * `npm run bench -- demand [--imgproxy PROGRAM] [--native PROGRAM] [--rounds 4]`
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      imgproxy: { type: 'string' },
      native: { type: 'string' },
      rounds: { type: 'string', default: '4' },
      items: { type: 'string', default: '4800' },
      clients: { type: 'string', default: '1,4,16' },
    },
  })
  const clients = values.clients.split(',').map(Number)
  await withBench(async (bench) => {
    const items = await importIcons(bench, Number(values.items))
    const takePairs = (count: number) => {
      if (items.length < count) throw new Error('too few items: fewer --rounds')
      return items.splice(0, count)
    }
    const take = (count: number) => takePairs(count).map(({ item }) => item)
    const api = await startApi(bench)
    const imgproxy = values.imgproxy ? await startImgproxy(bench, values.imgproxy) : null
    const first = take(WARM_UP.first)
    for (const server of [api, imgproxy]) if (server) await ask(server, { items: first, clients: 4 })
    const loads = new Map<string, Load[]>()
    const note = (name: string, load: Load) => loads.set(name, [...(loads.get(name) ?? []), load])
    for (let round = 0; round < Number(values.rounds); round++) {
      const twins = new Map<number, Item[]>()
      for (const count of clients) {
        await ask(api, { items: take(WARM_UP.each), clients: count })
        const pairs = takePairs(count === 1 ? PICTURES_ALONE : PICTURES)
        const own = pairs.map(({ item }) => item)
        twins.set(
          count,
          pairs.map(({ twin }) => twin),
        )
        note(`ours ${count}`, await ask(api, { items: own, clients: count }))
        if (imgproxy) note(`imgproxy ${count}`, await ask(imgproxy, { items: own, clients: count }))
      }
      const worker = await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })
      await idle(worker.child.pid ?? 0)
      for (const count of clients.filter((each) => each > 1)) {
        await ask(api, { items: take(WARM_UP.each), clients: count })
        note(`warmed ${count}`, await ask(api, { items: twins.get(count) ?? [], clients: count }))
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
  const all = (name: string) => loads.get(`${name} ${count}`) ?? []
  const of = (name: string, pick: (load: Load) => number) => median(all(name).map(pick))
  // Of all rounds: each draws other icons, and a few take as long as hundreds of others.
  const rateOf = (name: string) => {
    const sum = (pick: (load: Load) => number) => all(name).reduce((total, load) => total + pick(load), 0)
    return (1000 * sum(({ pictures }) => pictures)) / sum(({ elapsedMs }) => elapsedMs)
  }
  const cells = (name: string) => [
    rateOf(name).toFixed(1),
    `${of(name, ({ p50Ms }) => p50Ms).toFixed(1)} ms`,
    `${of(name, (load) => load.cpuMs).toFixed(1)} ms`,
  ]
  const what = count === 1 ? '1 client' : `${count} clients`
  const [measure, goal]: [(name: string) => number, string] =
    count === 1 ? [(name) => of(name, ({ p50Ms }) => p50Ms), 'p50 <= 0.7'] : [rateOf, '>= 1.8']
  const rows = [[`${what}, ours`, ...cells('ours'), '', '', '']]
  const compare = (against: string, ratio: number, aim: string) =>
    rows.push([`${what}, ours`, ...cells('ours'), against, ratio.toFixed(2), aim])
  if (loads.has(`imgproxy ${count}`)) {
    rows.pop()
    compare(`imgproxy ${cells('imgproxy').join(', ')}`, measure('ours') / measure('imgproxy'), goal)
  }
  if (native && count > 1) compare(`native code ${native.toFixed(0)}/s`, rateOf('ours') / native, '')
  if (count > 1)
    rows.push([
      `${what}, a worker makes the other presets`,
      ...cells('warmed'),
      'without',
      (rateOf('warmed') / rateOf('ours')).toFixed(2),
      '>= 0.95',
    ])
  return rows
}

/** An icon as two items, to be drawn under different circumstances. */
interface Pair {
  readonly item: Item
  readonly twin: Item
}

/** Icons of all sets, in random order. */
async function importIcons({ app }: Bench, count: number): Promise<Pair[]> {
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
      for (const each of [slug, `${slug}${TWIN}`])
        yield { vendor, family, iconSet, slug: each, name: slug, from: name, bytes: svg }
    }
  }
  await importItems({ pg: app.pg, originals: app.stores.originals }, entries())
  const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
  const byKey = new Map(items.map((item) => [item.sourceKey, item]))
  const pairs = items.flatMap((item) => {
    const twin = byKey.get(item.sourceKey.replace(/(?=\.svg$)/, TWIN))
    return twin ? [{ item, twin }] : []
  })
  return shuffle(pairs, 1)
}

const TWIN = '-twin'

async function startApi(bench: Bench): Promise<ImageServer> {
  const logFile = path.join(bench.env.DATA_DIR ?? '', 'api.log')
  const { child, said } = await startProgram(bench, { file: 'src/bin/api.ts', ready: /graphql/, logFile })
  const url = /http:\S+(?=\/graphql)/.exec(said)?.[0]
  return { pid: child.pid ?? 0, urlOf: (item) => `${url}/images/${variantKeyOf(bench.app, item, VARIANT)}` }
}

async function ask(
  { pid, urlOf }: ImageServer,
  { items, clients }: { items: readonly Item[]; clients: number },
): Promise<Load> {
  const before = await cpuOfTree(pid)
  const load = await closedLoad(items.map(urlOf).values(), { clients })
  // Iconify has a few empty icons.
  const bad = load.answers.filter(({ status }) => status !== 200 && status !== 422)
  if (bad.length > 0) throw new Error(`${bad.length} of ${items.length} answers are not 200, such as ${bad[0]?.status}`)
  const ms = msOf(load.answers, 200)
  return {
    pictures: ms.length,
    elapsedMs: load.elapsedMs,
    p50Ms: quantile(ms, 0.5),
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
