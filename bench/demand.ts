import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Item } from '../prisma/generated/client/client.ts'
import { uniqueIdOf } from '../src/core/variant.ts'
import { importItems } from '../src/import/import-items.ts'
import { until } from '../test/support/until.ts'
import { installDependencies } from './fidelity/dependencies.ts'
import { drawIcons, shuffle } from './fidelity/sample.ts'
import { type ImageServer, startImgproxy } from './support/imgproxy.ts'
import { closedLoad, msOf, quantile } from './support/load.ts'
import { measureNative } from './support/native.ts'
import { previewPathsOf } from './support/paths.ts'
import { type Bench, childrenOf, cpuMs, median, startProgram, table, withBench } from './support/service.ts'

/** Programs that are compared. */
const [OURS, WARMED, IMGPROXY] = ['ours', 'ours, a worker makes the other presets', 'imgproxy']
const PICTURES = 300
/** Those of one client, which is slower. */
const PICTURES_ALONE = 120
/** At first, until all hot functions are compiled, and before each measurement: renderers that were idle are slower for a moment. */
const WARM_UP = { first: 600, each: 120 }

interface Load {
  readonly pictures: number
  readonly elapsedMs: number
  readonly p50Ms: number
  /** CPU time of the server and its children per picture. */
  readonly cpuMs: number
}

/**
 * Pictures of icons of all sets of Iconify that are made on demand, 512 px as WebP, each for the first time: alone, and on another database while a
 * worker could make the other presets of the same items. In turns with the APIs of other checkouts, and with imgproxy, with the same originals from
 * the same disk; then native code. Says so where one of these is not given.
 * `npm run bench -- demand [--imgproxy PROGRAM] [--native PROGRAM] [--beside DIR]... [--rounds 4]`
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      imgproxy: { type: 'string' },
      native: { type: 'string' },
      rounds: { type: 'string', default: '4' },
      items: { type: 'string', default: '5300' },
      clients: { type: 'string', default: '1,4,16' },
      beside: { type: 'string', multiple: true, default: [] },
    },
  })
  const clients = values.clients.split(',').map(Number)
  const services = [
    { name: OURS, directory: '.' },
    { name: WARMED, directory: '.' },
    ...values.beside.map((directory) => ({ name: directory, directory })),
  ]
  await withServices(services, Number(values.items), async (opened) => {
    const [{ bench, items }] = opened as [Service]
    const take = (count: number) => {
      if (items.length < count) throw new Error('too few items: fewer --rounds')
      return items.splice(0, count)
    }
    const imgproxy = values.imgproxy ? { name: IMGPROXY, ...(await startImgproxy(bench, values.imgproxy)) } : null
    const servers: ImageServer[] = [...opened, ...(imgproxy ? [imgproxy] : [])]
    const first = take(WARM_UP.first)
    for (const server of servers) await ask(server, { items: first, clients: 4 })
    const loads = new Map<string, Load[]>()
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const count of clients) {
        const [warmUp, own] = [take(WARM_UP.each), take(count === 1 ? PICTURES_ALONE : PICTURES)]
        for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
          await ask(server, { items: warmUp, clients: count })
          const key = `${server.name} ${count}`
          loads.set(key, [...(loads.get(key) ?? []), await ask(server, { items: own, clients: count })])
          if (server.name === WARMED) await warmed(opened)
        }
      }
    }
    const native = values.native ? await measureLimit(bench, values.native, take(PICTURES)) : null
    const rows = clients.flatMap((count) => rowsOf(loads, count))
    process.stdout.write(`\n${table(['what', 'pictures/s', 'p50', 'CPU', 'compared with', 'ratio', 'goal'], rows)}\n`)
    if (!imgproxy) process.stdout.write('imgproxy was not measured: --imgproxy PROGRAM names it.\n')
    process.stdout.write(
      native
        ? `Native code drew ${native.toFixed(0)} such pictures a second.\n`
        : 'Native code was not measured: --native PROGRAM names it.\n',
    )
  })
}

interface Service extends ImageServer {
  readonly bench: Bench
  readonly items: Item[]
}

/** Each on a database and a folder of its own, with the same icons. */
async function withServices(
  [next, ...others]: readonly { name: string; directory: string }[],
  count: number,
  work: (services: Service[]) => Promise<void>,
): Promise<void> {
  if (!next) return await work([])
  await withBench(async (bench) => {
    const items = await importIcons(bench, count)
    const server = await startApi(bench, next)
    if (next.name === WARMED) await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })
    await withServices(others, count, (services) => work([{ ...server, bench, items }, ...services]))
  })
}

function rowsOf(loads: ReadonlyMap<string, readonly Load[]>, count: number): string[][] {
  const all = (name: string) => loads.get(`${name} ${count}`) ?? []
  const of = (name: string, pick: (load: Load) => number) => median(all(name).map(pick))
  // Of all rounds: each draws other icons, and a few take as long as hundreds of others.
  const rateOf = (name: string) => {
    const sum = (pick: (load: Load) => number) => all(name).reduce((total, load) => total + pick(load), 0)
    return (1000 * sum(({ pictures }) => pictures)) / sum(({ elapsedMs }) => elapsedMs)
  }
  const p50Of = (name: string) => of(name, ({ p50Ms }) => p50Ms)
  const measure = count === 1 ? p50Of : rateOf
  const row = (name: string, ...compared: string[]) => [
    `${count} ${count === 1 ? 'client' : 'clients'}, ${name}`,
    rateOf(name).toFixed(1),
    `${p50Of(name).toFixed(1)} ms`,
    `${of(name, (load) => load.cpuMs).toFixed(1)} ms`,
    ...compared,
  ]
  const [aim, warmedAim] = count === 1 ? ['p50 <= 0.7', ''] : ['>= 1.8', '>= 0.95']
  return [...loads.keys()]
    .filter((key) => key.endsWith(` ${count}`))
    .map((key) => {
      const name = key.slice(0, -` ${count}`.length)
      const to = (other: string, goal: string) => [other, (measure(name) / measure(other)).toFixed(2), goal]
      if (name === WARMED) return row(name, ...to(OURS, warmedAim))
      const isCompared = name !== IMGPROXY && loads.has(`${IMGPROXY} ${count}`)
      return row(name, ...(isCompared ? to(IMGPROXY, name === OURS ? aim : '') : ['', '', '']))
    })
}

/** Icons of all sets, in random order. */
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

async function startApi(bench: Bench, { name, directory }: { name: string; directory: string }): Promise<ImageServer> {
  const logFile = path.join(bench.env.DATA_DIR ?? '', 'api.log')
  const file = path.resolve(directory, 'src/bin/api.ts')
  const { child, said } = await startProgram(bench, { file, ready: /graphql/, logFile })
  const url = /http:\S+(?=\/graphql)/.exec(said)?.[0]
  const pathOf = await previewPathsOf(directory, bench.app)
  return { name, pid: child.pid ?? 0, urlOf: (item) => `${url}${pathOf(item)}` }
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

/** Waits until the API has queued what its viewers' items lack, and the worker has made it. */
async function warmed(services: readonly Service[]): Promise<void> {
  await delay(1000)
  for (const { name, bench } of services) {
    const queued = () => bench.app.pg.query('select count(*)::int as n from graphile_worker.jobs')
    if (name === WARMED) await until(async () => (await queued()).rows[0].n === 0, 60_000)
  }
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
