import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { startBackfill } from '../../src/backfill/backfills.ts'
import { readProgress } from '../../src/backfill/progress.ts'
import { checkRequest } from '../../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../../src/catalogue/scope.ts'
import { openOwnPostgres } from '../support/own-postgres.ts'
import { importDrawings, tempDirectory, testApp, testConfig } from '../support/setup.ts'
import { until } from '../support/until.ts'
import { startWorker } from '../support/worker.ts'

const WORKERS = 12
const CONNECTIONS = 7
const ITEMS = 2400
const SAMPLE_EVERY_MS = 200
const FIRST = 'select pid, count(*)::int from worker group by pid order by min(started_at) limit 1'
const SCHEDULED = `select from graphile_worker._private_known_crontabs where identifier = 'store_tombstones' and last_execution > $1`

it('twelve workers share a backfill, and take over jobs and the schedule of one that is killed', {
  timeout: 400_000,
}, async () => {
  const postgres = await openOwnPostgres()
  onTestFinished(() => postgres[Symbol.asyncDispose]())
  const presets = path.join(await tempDirectory(), 'presets.json')
  const preset = (size: number) => ({ width: size, height: size, background: 'white', formats: ['webp'] })
  await writeFile(presets, JSON.stringify({ small: preset(24), smaller: preset(16) }))
  const env = { PRESETS_FILE: presets, DATABASE_URL: postgres.url, DATABASE_CONNECTIONS: String(CONNECTIONS) }
  const app = await testApp(await testConfig(env))
  await importDrawings(app, ITEMS)
  const workers = Array.from({ length: WORKERS }, () => startWorker(app, { RENDERERS: '1' }))
  const registered = async () => (await app.pg.query('select distinct pid from worker')).rowCount
  await until(async () => (await registered()) === WORKERS, 120_000)

  const sampling = new AbortController()
  let connectionsMax = 0
  const sampled = (async () => {
    while (!sampling.signal.aborted) {
      const [row] = await postgres.run<{ count: number }>(
        `select count(*)::int from pg_stat_activity where datname = 'service'`,
      )
      connectionsMax = Math.max(connectionsMax, row?.count ?? 0)
      await delay(SAMPLE_EVERY_MS)
    }
  })()

  const { id } = await startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE }))
  const progress = async () => (await readProgress(app.pg, [id]))[0]
  await until(async () => ((await progress())?.doneItems ?? 0) > 200, 60_000)
  const {
    rows: [first],
  } = await app.pg.query<{ pid: number }>(FIRST)
  const victim = workers.find(({ child }) => child.pid === first?.pid)
  victim?.child.kill('SIGKILL')
  await victim?.gone
  const killedAt = new Date()
  const status = async () => (await app.prisma.backfill.findUniqueOrThrow({ where: { id } })).status
  await until(async () => (await status()) === 'COMPLETED', 180_000)

  expect(await progress()).toMatchObject({
    totalItems: ITEMS,
    doneItems: ITEMS,
    failedItems: 0,
    imagesMade: ITEMS * app.presets.size,
  })
  const { rows: images } = await app.pg.query<{ made: number; once: number }>(
    `select count(*)::int as made, count(distinct (owner_id, preset))::int as once from image where owner_type = 'ITEM'`,
  )
  expect(images).toEqual([{ made: ITEMS * app.presets.size, once: ITEMS * app.presets.size }])
  expect(await app.prisma.renderFailure.count()).toBe(0)
  expect(await registered()).toBe(WORKERS - 1)
  // Its jobs are not left locked until the queue's own four hours are over.
  await until(
    async () => (await app.pg.query('select from graphile_worker.jobs where locked_by is not null')).rowCount === 0,
  )
  // The next minute.
  await until(async () => (await app.pg.query(SCHEDULED, [killedAt])).rowCount === 1, 90_000)
  sampling.abort()
  await sampled
  expect(connectionsMax).toBeGreaterThan(WORKERS)
  // And this process: an API has three more for searches.
  expect(connectionsMax).toBeLessThanOrEqual(WORKERS * (CONNECTIONS + 1) + CONNECTIONS + 4)
  for (const { child } of workers) if (child !== victim?.child) expect(child.exitCode).toBeNull()
})
