import { expect, it, onTestFinished } from 'vitest'
import { createScheduler } from '../src/jobs/scheduler.ts'
import { deregister, heartbeat } from '../src/jobs/workers.ts'
import { testApp } from './support/setup.ts'
import { until } from './support/until.ts'

const QUEUED = `select task_identifier as task from graphile_worker.jobs where task_identifier = any('{store_tombstones,write_snapshot}')`
const LAST = `select last_execution > now() - interval '2 minutes' as recent from graphile_worker._private_known_crontabs where identifier = 'store_tombstones'`

it('one worker schedules; the next makes up for what nobody scheduled, and queues nothing twice', async () => {
  const app = await testApp()
  const closing = new AbortController()
  async function openWorker(id: string) {
    await heartbeat(app.pg, id)
    const scheduler = createScheduler(app, { ids: [id, `${id} urgent`], signal: closing.signal })
    onTestFinished(() => scheduler.close())
    await scheduler.elect()
    return scheduler
  }
  const queued = async () => (await app.pg.query(QUEUED)).rows.map(({ task }) => task).sort()
  const one = await openWorker('one')
  const two = await openWorker('two')
  const three = await openWorker('three')
  expect([one, two, three].map((scheduler) => scheduler.isScheduling())).toEqual([true, false, false])

  // The first one died a day ago, and nobody noticed.
  await until(async () => (await app.pg.query('select from graphile_worker._private_known_crontabs')).rowCount)
  await one.close()
  await app.pg.query(`update graphile_worker._private_known_crontabs set last_execution = now() - interval '25 hours'`)
  await deregister(app.pg, 'one')
  await three.elect()
  await two.elect()
  expect([two, three].map((scheduler) => scheduler.isScheduling())).toEqual([true, false])
  await until(async () => (await app.pg.query(LAST)).rows[0]?.recent)
  await until(async () => (await queued()).length === 2)
  expect(await queued()).toEqual(['store_tombstones', 'write_snapshot'])

  // Stalled, it was deregistered, and does not know it yet.
  await app.pg.query('delete from graphile_worker._private_jobs')
  await deregister(app.pg, 'two')
  await three.elect()
  expect([two, three].map((scheduler) => scheduler.isScheduling())).toEqual([true, true])
  await heartbeat(app.pg, 'two')
  await two.elect()
  expect([two, three].map((scheduler) => scheduler.isScheduling())).toEqual([false, true])
  expect(await queued()).not.toContain('write_snapshot')
})
