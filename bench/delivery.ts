import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Item } from '../prisma/generated/client/client.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { openCdn } from '../test/support/cdn.ts'
import { startS3 } from '../test/support/s3-server.ts'
import { compareBackfills, importDemo } from './support/backfills.ts'
import { makeBuckets } from './support/buckets.ts'
import { closedLoad, goodputOf, type Load, msOf, openLoad, quantile } from './support/load.ts'
import { type Bench, cpuMs, median, mixed, startProgram, table, withBench } from './support/service.ts'

type Row = [what: string, measured: string, against: string, ratio: string, goal: string]

/** Pictures of one phase; every phase has its own items, so that each picture is made for the first time. */
interface Phases {
  readonly take: (count: number) => Item[]
  /** All that are left. */
  readonly takeRest: () => Item[]
}

/**
 * Delivery with both stores in buckets, over the network: misses and hits, what a miss costs in addition to its render, ten-fold
 * overload, and a backfill compared with one on the filesystem. `npm run bench -- delivery [--items N]`; with `--s3 URL --s3-pid PID` and
 * credentials in the environment only the backfills, on that S3 server instead of the tests' own.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      items: { type: 'string', default: '6283' },
      s3: { type: 'string' },
      's3-pid': { type: 'string', default: '0' },
    },
  })
  if (values.s3) return print(await compareBackfills({ url: values.s3, pid: Number(values['s3-pid']) }))
  const s3 = await startS3()
  const settings = await makeBuckets(s3.url, 'delivery')
  const rows: Row[] = []
  try {
    await withBench(
      async (bench) => {
        const phases = inPhases(await importDemo(bench, Number(values.items)))
        const api = await startApi(bench)
        const bucketUrl = `${s3.url}/${settings.PREVIEWS_BUCKET}`
        await closedLoad(urlsOf(bench, { api: api.url, items: phases.take(60) }), { clients: 4 })
        rows.push(...(await measureCdn(bench, { api, bucketUrl, items: phases.take(400) })))
        rows.push(...(await measureLatency(bench, { api, phases })))
        rows.push(await measureCpu(bench, { api, items: phases.take(300) }))
        rows.push(...(await measureOverload(bench, { api, phases })))
      },
      { env: settings },
    )
    rows.push(...(await compareBackfills(s3)))
  } finally {
    await s3.close()
  }
  print(rows)
}

const print = (rows: readonly Row[]) =>
  void process.stdout.write(`\n${table(['what', 'measured', 'compared with', 'ratio', 'goal'], rows)}\n`)

/** Items in an order independent of their sets, so that all phases render similar art. */
function inPhases(items: readonly Item[]): Phases {
  const left = mixed(items)
  return {
    take(count) {
      if (left.length < count) throw new Error(`${count - left.length} items too few: increase --items`)
      return left.splice(0, count)
    },
    takeRest: () => left.splice(0),
  }
}

interface Api {
  readonly url: string
  readonly pid: number
}

async function startApi(bench: Bench): Promise<Api> {
  const { child, said } = await startProgram(bench, { file: 'src/bin/api.ts', ready: /graphql/ })
  return { url: /http:\S+(?=\/graphql)/.exec(said)?.[0] ?? '', pid: child.pid ?? 0 }
}

function* urlsOf(bench: Bench, { api, items }: { api: string; items: readonly Item[] }) {
  for (const item of items) yield `${api}/images/${variantKeyOf(bench.app, item, VARIANT)}`
}

/** Clients that saturate the service: as many as its queue admits in steady state. */
const FULL = 32
const VARIANT = { preset: 'preview', format: 'WEBP' } as const

function checkAll({ answers }: Load): void {
  const bad = answers.filter(({ status }) => status !== 200)
  if (bad.length > 0)
    throw new Error(`${bad.length} of ${answers.length} answers are not 200, such as ${bad[0]?.status}`)
}

/** Through the tests' CDN: each miss requests the bucket first and then the handler, each hit neither. */
async function measureCdn(
  bench: Bench,
  { api, bucketUrl, items }: { api: Api; bucketUrl: string; items: readonly Item[] },
): Promise<Row[]> {
  const cdn = await openCdn({
    primary: { url: bucketUrl },
    failover: { url: `${api.url}/images` },
    onClose: bench.onClose,
  })
  const urls = items.map((item) => `${cdn.urls[0]}/${variantKeyOf(bench.app, item, VARIANT)}`)
  const misses = await closedLoad(urls.values(), { clients: 8 })
  const hits = await closedLoad(Iterator.from(cycle(urls)), { clients: 32, forMs: 3000 })
  for (const load of [misses, hits]) checkAll(load)
  return [
    ['misses through the test CDN', `${goodputOf(misses).toFixed(0)}/s`, '', '', ''],
    ['hits through the test CDN', `${goodputOf(hits).toFixed(0)}/s`, '', '', ''],
  ]
}

function* cycle<T>(values: readonly T[]) {
  for (;;) yield* values
}

async function measureLatency(bench: Bench, { api, phases }: { api: Api; phases: Phases }): Promise<Row[]> {
  const rows: Row[] = []
  let alone = 0
  for (const clients of [1, 8, FULL]) {
    const load = await closedLoad(urlsOf(bench, { api: api.url, items: phases.take(clients === 1 ? 150 : 400) }), {
      clients,
    })
    const ms = msOf(load.answers, 200)
    alone ||= median(ms)
    rows.push([
      `miss, ${clients} at once: p50 / p99`,
      `${median(ms).toFixed(1)} / ${quantile(ms, 0.99).toFixed(1)} ms`,
      `p50 alone ${alone.toFixed(1)} ms`,
      (median(ms) / alone).toFixed(1),
      `${load.answers.length - ms.length} refused`,
    ])
  }
  return rows
}

/** CPU time of the API process for each miss, minus that of reading and storing alone. */
async function measureCpu(bench: Bench, { api, items }: { api: Api; items: readonly Item[] }): Promise<Row> {
  const { app } = bench
  const before = await cpuMs(api.pid)
  checkAll(await closedLoad(urlsOf(bench, { api: api.url, items }), { clients: 4 }))
  const perMiss = ((await cpuMs(api.pid)) - before) / items.length

  const { originals, previews } = app.stores
  const pictures = await Promise.all(items.map((item) => previews.get(variantKeyOf(app, item, VARIANT))))
  const options = {
    contentType: 'image/webp',
    cacheControl: 'public',
    sourceHash: 'x',
    cacheTags: ['a', 'b', 'c', 'd'],
  }
  const copy = async (folder: string) => {
    const queue = [...items.entries()]
    const worker = async () => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const [index, { sourceKey }] = next
        await originals.get(sourceKey)
        await previews.put(`${folder}/${sourceKey}`, pictures[index] as Buffer, options)
      }
    }
    await Promise.all(Array.from({ length: 4 }, worker))
  }
  // Warmed up, as the API is by now.
  await copy('bench-1')
  const from = process.cpuUsage()
  await copy('bench-2')
  const { user, system } = process.cpuUsage(from)
  const perCopy = (user + system) / 1000 / items.length
  const overhead = perMiss - perCopy
  return [
    'CPU of the API for a miss',
    `${perMiss.toFixed(2)} ms`,
    `source get and put alone ${perCopy.toFixed(2)} ms`,
    `${overhead.toFixed(2)} ms beside`,
    '<= 3 ms',
  ]
}

/** Of what the machine has besides this process, which is the clients and the S3 server. */
const netGoodputOf = (load: Load) => goodputOf(load) / (1 - load.cpuMs / (load.elapsedMs * availableParallelism()))

/** Requests at ten times the sustainable rate, compared with as many clients that wait for their responses. */
async function measureOverload(bench: Bench, { api, phases }: { api: Api; phases: Phases }): Promise<Row[]> {
  const peak = await closedLoad(urlsOf(bench, { api: api.url, items: phases.take(600) }), { clients: FULL })
  const perSecond = 10 * goodputOf(peak)
  // The line holds what is drawn in 15 s, and what is drawn meanwhile is not asked for again: some 25 s of the full rate.
  const urls = [...urlsOf(bench, { api: api.url, items: phases.takeRest() })]
  const load = await openLoad(urls, { perSecond, forMs: 9000 })
  const [first, later] = [
    load.answers.filter(({ atMs }) => atMs < 2000),
    load.answers.filter(({ atMs }) => atMs >= 2000),
  ]
  const peakP99 = quantile(msOf(peak.answers, 200), 0.99)
  const p99 = (answers: Load['answers'], status: number) => quantile(msOf(answers, status), 0.99)
  const odd = load.answers.filter(({ status }) => status !== 200 && status !== 503)
  if (odd.length > 0) throw new Error(`${odd.length} answers are neither 200 nor 503`)
  return [
    [
      'ten-fold overload: goodput',
      `${goodputOf(load).toFixed(1)}/s of ${((load.answers.length / load.elapsedMs) * 1000).toFixed(0)}/s`,
      `full load ${goodputOf(peak).toFixed(1)}/s`,
      (goodputOf(load) / goodputOf(peak)).toFixed(2),
      '>= 0.9',
    ],
    [
      'the same, the CPU time of clients and S3 set aside',
      `${netGoodputOf(load).toFixed(1)}/s`,
      `full load ${netGoodputOf(peak).toFixed(1)}/s`,
      (netGoodputOf(load) / netGoodputOf(peak)).toFixed(2),
      '',
    ],
    [
      'p99 of the accepted, first 2 s',
      `${p99(first, 200).toFixed(0)} ms`,
      `at full load ${peakP99.toFixed(0)} ms`,
      (p99(first, 200) / peakP99).toFixed(2),
      '',
    ],
    [
      'p99 of the accepted, afterwards',
      `${p99(later, 200).toFixed(0)} ms`,
      `at full load ${peakP99.toFixed(0)} ms`,
      (p99(later, 200) / peakP99).toFixed(2),
      '',
    ],
    ...(
      [
        ['first 2 s', first, ''],
        ['afterwards', later, '< 1'],
      ] as const
    ).map(([when, answers, goal]): Row => {
      const ms = p99(answers, 503)
      return [`p99 of the refused, ${when}`, `${ms.toFixed(0)} ms`, '100 ms', (ms / 100).toFixed(2), goal]
    }),
  ]
}
