import { parseArgs } from 'node:util'
import { startBackfill } from '../src/backfill/backfills.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { uniqueIdOf } from '../src/core/variant.ts'
import type { Entry } from '../src/import/import-items.ts'
import { importItems } from '../src/import/import-items.ts'
import { completeUpload } from '../src/uploads/uploads.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { closedLoad, msOf, quantile } from './support/load.ts'
import { type Bench, startProgram, table, withBench } from './support/service.ts'
import { createStored, pack } from './support/uploads.ts'

const WANTED = { preset: 'preview', format: 'WEBP' } as const
/** CPU time of one slow file, approximately: slow enough for the slow lane (2 s), and not refused for its estimate (4 s). */
const SLOW_MS = 2500
const CLIENTS = 16

/**
 * One vendor's slow files and the effect on others: first requests, a backfill and an upload. `npm run bench -- fairness [--requests 160]
 * [--items 400]`
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { requests: { type: 'string', default: '160' }, items: { type: 'string', default: '400' } },
  })
  const [requests, count] = [Number(values.requests), Number(values.items)]
  await withBench(async (bench) => {
    const { app } = bench
    const shapes = await calibrate(bench)
    const add = (vendor: string, sources: readonly string[]) =>
      importItems({ pg: app.pg, originals: app.stores.originals }, entriesOf(vendor, sources))
    const good = (number: number) => Array.from({ length: number }, (_, index) => drawing(index))
    await add(
      'slow',
      Array.from({ length: 400 }, (_, index) => slow(shapes + index)),
    )
    for (const vendor of ['alone', 'beside']) await add(vendor, good(requests))
    for (const vendor of ['backfilled-alone', 'backfilled-beside']) await add(vendor, good(count))
    const { said } = await startProgram(bench, { file: 'src/bin/api.ts', ready: /graphql/ })
    const url = /http:\S+(?=\/graphql)/.exec(said)?.[0] ?? ''

    const urlsOf = async (username: string) => {
      const items = await app.prisma.item.findMany({ where: { vendor: { username } }, orderBy: { id: 'asc' } })
      return items.map((item) => `${url}/images/${variantKeyOf(app, item, WANTED)}`)
    }
    const first = async (vendor: string) => (await closedLoad((await urlsOf(vendor)).values(), { clients: 4 })).answers
    const alone = await first('alone')
    const stop = new AbortController()
    const flood = floodWith(await urlsOf('slow'), stop.signal)
    const beside = await first('beside')
    stop.abort()
    await flood

    const { child } = await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })
    const backfillAlone = await backfill(bench, 'backfilled-alone')
    await startOf(bench, 'slow')
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    const backfillBeside = await backfill(bench, 'backfilled-beside')
    const uploadMs = await upload(bench)
    child.kill('SIGKILL')

    const [p95Alone, p95Beside] = [alone, beside].map((answers) => quantile(msOf(answers, 200), 0.95)) as [
      number,
      number,
    ]
    const share = msOf(beside, 200).length / msOf(alone, 200).length
    process.stdout.write(
      `${table(
        ['what', 'measured', 'compared with', 'ratio', 'goal'],
        [
          [
            `another vendor's first requests during those of ${CLIENTS} clients for slow files`,
            `${msOf(beside, 200).length} of ${requests}`,
            `alone ${msOf(alone, 200).length}`,
            share.toFixed(2),
            '>= 0.95',
          ],
          [
            'their p95',
            `${p95Beside.toFixed(0)} ms`,
            `alone ${p95Alone.toFixed(0)} ms`,
            (p95Beside / p95Alone).toFixed(2),
            '<= 3',
          ],
          [
            `backfill of ${count} good items during a slow vendor's`,
            `${(backfillBeside / 1000).toFixed(1)} s`,
            `alone ${(backfillAlone / 1000).toFixed(1)} s`,
            (backfillBeside / backfillAlone).toFixed(2),
            '<= 2',
          ],
          ['an upload of one icon meanwhile', `${(uploadMs / 1000).toFixed(1)} s`, '', '', '< 5 s'],
        ],
      )}\n`,
    )
  })
}

const slow = (shapes: number) =>
  svg(
    `<filter id="f"><feGaussianBlur stdDeviation="3"/></filter>${'<rect width="24" height="24" filter="url(#f)"/>'.repeat(shapes)}`,
  )

/** The number of shapes that makes a file slow on this machine. */
async function calibrate({ app }: Bench): Promise<number> {
  const probe = 50
  const { cpuMs } = await app.pool.render(Buffer.from(slow(probe)), [WANTED], { cpuLimitMs: 60_000 })
  return Math.round((probe * SLOW_MS) / cpuMs)
}

/** Clients that request slow files again and again. */
async function floodWith(urls: readonly string[], signal: AbortSignal): Promise<void> {
  let next = 0
  const client = async () => {
    while (!signal.aborted) {
      await fetch(urls[next++ % urls.length] ?? '', { signal }).then(
        (response) => response.arrayBuffer(),
        () => {},
      )
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
}

async function startOf({ app }: Bench, username: string) {
  const { id: vendorId } = await app.prisma.vendor.findUniqueOrThrow({ where: { username } })
  return await startBackfill(app, checkRequest(app.presets, { scope: { ...WHOLE_CATALOGUE, vendorId } }))
}

/** Duration of a vendor's backfill, ms. */
async function backfill(bench: Bench, vendor: string): Promise<number> {
  const from = performance.now()
  const { id } = await startOf(bench, vendor)
  for (;;) {
    const { finishedAt } = await bench.app.prisma.backfill.findUniqueOrThrow({ where: { id } })
    if (finishedAt) return performance.now() - from
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Time from the completion of an upload of one icon to its last picture, ms. */
async function upload({ app }: Bench): Promise<number> {
  const id = await createStored(app, await pack('single', [Buffer.from(drawing(7))]), 'single')
  const from = performance.now()
  await completeUpload({ ...app, originals: app.stores.originals }, id)
  for (;;) {
    const { status } = await app.prisma.upload.findUniqueOrThrow({ where: { id } })
    if (status === 'COMPLETED') return performance.now() - from
    if (status === 'REFUSED' || status === 'FAILED') throw new Error(`the upload is ${status}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const svg = (body: string) => `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24">${body}</svg>`
const drawing = (number: number) =>
  svg(
    `<circle cx="12" cy="12" r="${3 + (number % 80) / 10}" fill="#${((number * 2654435761) % 0xffffff).toString(16).padStart(6, '0')}"/>`,
  )

const entriesOf = (vendor: string, sources: readonly string[]): Entry[] =>
  sources.map((source, index) => ({
    from: `${vendor}-${index}`,
    vendor: { username: vendor, name: vendor },
    family: { uniqueId: uniqueIdOf(vendor), name: vendor },
    iconSet: { uniqueId: uniqueIdOf(`${vendor}/icons`), name: vendor, kind: 'ICON' },
    slug: `icon-${index}`,
    name: `Icon ${index}`,
    bytes: Buffer.from(source),
  }))
