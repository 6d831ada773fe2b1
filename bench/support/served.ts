import { startBackfill } from '../../src/backfill/backfills.ts'
import { checkRequest } from '../../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../../src/catalogue/scope.ts'
import { SOURCE_BYTES_MAX } from '../../src/core/limits.ts'
import { uniqueIdOf } from '../../src/core/variant.ts'
import { importItems } from '../../src/import/import-items.ts'
import { variantKeyOf } from '../../src/variants/make.ts'
import { backfilledPresets } from '../../src/variants/offered.ts'
import { type Bench, startProgram } from './service.ts'

/** A file to be served, and what its vendor would call it. */
export interface ServedFile {
  readonly name: string
  readonly bytes: Buffer
}

/** Each file is an item of both: what one does is not settled for the other. */
const [VIEWED, BACKFILLED] = ['viewed', 'backfilled'] as const
const FORMAT = 'WEBP' as const
/** A first request may take this much CPU time, and a renderer this long to start. */
const REQUEST_LIMIT_MS = 5500

/**
 * Imports the files into a running service, requests a picture of each by its path from an API process, and makes all pictures of each
 * again in a backfill by a worker process. Returns rows of what was seen and what is right, and whether it was.
 */
export async function serveFiles(bench: Bench, files: readonly ServedFile[]) {
  const refused = await importFiles(bench, files)
  const viewed = await viewAll(bench)
  const settled = await backfillAll(bench)
  const is = (status: (status: number) => boolean) => viewed.filter((answer) => status(answer.status)).length
  const slow = viewed.filter(({ ms }) => ms > REQUEST_LIMIT_MS)
  for (const { name, status, ms } of [...viewed.filter(({ status }) => status >= 500), ...slow])
    process.stderr.write(`${name}: status ${status} after ${(ms / 1000).toFixed(1)} s\n`)
  const items = viewed.length
  const rows = [
    ['files, not imported since they are no SVG or too large', `${files.length}, ${refused}`, ''],
    [
      'first requests: picture, cannot be rendered',
      `${is((status) => status === 200)}, ${is((s) => s === 422)}`,
      items,
    ],
    ['first requests: a worker makes it (503)', is((status) => status === 503), ''],
    ['first requests: any other status', is((status) => ![200, 422, 503].includes(status)), 0],
    [
      'first requests: the longest',
      `${(Math.max(0, ...viewed.map(({ ms }) => ms)) / 1000).toFixed(1)} s`,
      '5 s of CPU',
    ],
    ['backfill: pictures made, failures settled with a code', `${settled.made}, ${settled.failed}`, items],
    ['backfill: neither', settled.open, 0],
    ['backfill: codes', settled.codes, ''],
    ['backfill: jobs left in the queue', settled.jobs, 0],
  ]
  const isRight = is((status) => ![200, 422, 503].includes(status)) + slow.length + settled.open + settled.jobs === 0
  return { rows, isRight }
}

async function importFiles({ app }: Bench, files: readonly ServedFile[]): Promise<number> {
  const entries = [VIEWED, BACKFILLED].flatMap((vendor) =>
    files.map(({ name, bytes }, at) => ({
      from: name,
      vendor: { username: vendor, name: vendor },
      family: { uniqueId: uniqueIdOf(vendor), name: 'Files' },
      iconSet: { uniqueId: uniqueIdOf(`${vendor}/set`), name: 'Files', kind: 'ICON' as const },
      slug: `file-${at}`,
      name: name.slice(0, 100),
      bytes,
    })),
  )
  const small = entries.filter(({ bytes }) => bytes.length <= SOURCE_BYTES_MAX)
  const report = await importItems({ pg: app.pg, originals: app.stores.originals }, small)
  for (const { from, reason } of report.refused) process.stderr.write(`${from}: not imported, ${reason}\n`)
  return (entries.length - small.length + report.refusals) / 2
}

/** One viewer, so that a request's time is that of its picture. */
async function viewAll(bench: Bench) {
  const { app } = bench
  const { said } = await startProgram(bench, { file: 'src/bin/api.ts', ready: /graphql/ })
  const url = /http:\S+(?=\/graphql)/.exec(said)?.[0]
  const answers = []
  for (const item of await itemsOf(bench, VIEWED)) {
    const from = performance.now()
    const path = variantKeyOf(app, item, { preset: 'preview', format: FORMAT })
    const answer = await fetch(`${url}/images/${path}`)
    await answer.arrayBuffer()
    answers.push({ name: item.name, status: answer.status, ms: performance.now() - from })
  }
  return answers
}

async function backfillAll(bench: Bench) {
  const { app } = bench
  const vendor = await app.prisma.vendor.findUniqueOrThrow({ where: { username: BACKFILLED } })
  await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })
  const scope = { ...WHOLE_CATALOGUE, vendorId: vendor.id }
  const { id } = await startBackfill(app, checkRequest(app.presets, { scope }))
  const find = () => app.prisma.backfill.findUniqueOrThrow({ where: { id }, select: { finishedAt: true } })
  while (!(await find()).finishedAt) await new Promise((resolve) => setTimeout(resolve, 200))
  const wanted = backfilledPresets(app.presets).length
  const { rows } = await app.pg.query<{ name: string; images: number; code: string | null; settled: boolean | null }>(
    `select name, code, settled, (select count(*)::int from image where owner_type = 'ITEM' and owner_id = item.id) as images
     from item left join render_failure on item_id = item.id where vendor_id = $1`,
    [vendor.id],
  )
  const failures = rows.filter(({ settled }) => settled)
  const counts = Map.groupBy(failures, ({ code }) => code)
  const open = rows.filter(({ images, settled }) => images !== wanted && !settled)
  for (const { name, images, code } of open) process.stderr.write(`${name}: ${images} pictures, ${code}\n`)
  const queue = await app.pg.query(
    `select from graphile_worker.jobs where task_identifier in ('run_chunk', 'plan_backfill')`,
  )
  return {
    made: rows.filter(({ images }) => images === wanted).length,
    failed: failures.length,
    open: open.length,
    codes: [...counts].map(([code, { length }]) => `${length} ${code}`).join(', '),
    jobs: queue.rowCount ?? 0,
  }
}

const itemsOf = ({ app }: Bench, vendor: string) =>
  app.prisma.item.findMany({ where: { vendor: { username: vendor } }, orderBy: { id: 'asc' } })
