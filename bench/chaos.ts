import { parseArgs } from 'node:util'
import { startBackfill } from '../src/backfill/backfills.ts'
import { readProgress } from '../src/backfill/progress.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { md5Of } from '../src/variants/make.ts'
import { backfilledPresets } from '../src/variants/offered.ts'
import { importDemo } from './support/backfills.ts'
import { type Bench, startProgram, table, withBench } from './support/service.ts'

/** Lifetime of a worker in ms before it is killed; the next one starts at once. */
const LIFE_MS = { least: 2000, most: 8000 }

/**
 * A long backfill of real icons whose workers are killed with SIGKILL at random until it is complete; then every picture is read back.
 * `npm run bench -- chaos [--items N] [--workers W]`
 */
export async function run(args: string[]): Promise<void> {
  const options = { items: { type: 'string', default: '6283' }, workers: { type: 'string', default: '2' } } as const
  const { values } = parseArgs({ args, options })
  await withBench(async (bench) => {
    const { app } = bench
    const items = (await importDemo(bench, Number(values.items))).length
    const { id } = await startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE }))
    const isOver = async () =>
      (await app.prisma.backfill.findUniqueOrThrow({ where: { id }, select: { finishedAt: true } })).finishedAt !== null
    const from = performance.now()
    const lives = await Promise.all(Array.from({ length: Number(values.workers) }, () => liveAndDie(bench, { isOver })))
    const seconds = (performance.now() - from) / 1000
    const [progress] = await readProgress(app.pg, [id])
    const found = await readBack(bench)
    const wanted = items * backfilledPresets(app.presets).length
    const failed = (progress?.failedItems ?? 0) * backfilledPresets(app.presets).length
    const rows = [
      ['workers killed', lives.reduce((sum, kills) => sum + kills, 0), ''],
      ['backfill', `${seconds.toFixed(0)} s, ${(items / seconds).toFixed(1)} items/s`, ''],
      ['items done, failed', `${progress?.doneItems}, ${progress?.failedItems}`, `${items} in all`],
      ['images recorded', found.rows, wanted - failed],
      ['the same picture recorded twice', found.twice, 0],
      ['objects with the bytes of their row', found.right, found.objects],
      ['objects lost, truncated or with wrong bytes', found.wrong, 0],
      ['objects without a row', found.orphans, 0],
      ['chunks left in the queue', found.jobs, 0],
    ]
    process.stdout.write(`${table(['what', 'seen', 'right'], rows)}\n`)
    const isRight = found.rows === wanted - failed && found.twice + found.wrong + found.orphans === 0
    if (!isRight) process.exitCode = 1
  })
}

/** Runs one worker after the other until the backfill is over; returns how many were killed. */
async function liveAndDie(bench: Bench, { isOver }: { isOver: () => Promise<boolean> }): Promise<number> {
  for (let kills = 0; ; kills++) {
    const { child } = await startProgram(bench, { file: 'workers/main.ts', ready: /worker is running/ })
    const dieAt = performance.now() + LIFE_MS.least + Math.random() * (LIFE_MS.most - LIFE_MS.least)
    while (performance.now() < dieAt) {
      if (await isOver()) return kills
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    child.kill('SIGKILL')
  }
}

/** Checks that every row has an object, and every object a row. */
async function readBack({ app }: Bench) {
  const images = await app.prisma.image.findMany()
  const md5s = new Map(images.map(({ objectKey, md5 }) => [objectKey, md5]))
  // Composites of families are made independently and are not part of the backfill.
  const ofItems = images.filter(({ ownerType }) => ownerType === 'ITEM')
  const pictures = new Set(ofItems.map(({ ownerId, preset, format }) => `${ownerId} ${preset} ${format}`))
  let [right, orphans] = [0, 0]
  for await (const { key } of app.stores.previews.list('')) {
    const bytes = await app.stores.previews.get(key)
    if (!md5s.has(key)) orphans++
    else if (bytes && md5Of(bytes) === md5s.get(key)) right++
  }
  const { rows } = await app.pg.query(
    `select count(*)::int as jobs from graphile_worker.jobs where task_identifier = 'run_chunk'`,
  )
  return {
    rows: ofItems.length,
    twice: ofItems.length - pictures.size,
    objects: images.length,
    right,
    wrong: images.length - right,
    orphans,
    jobs: rows[0].jobs,
  }
}
