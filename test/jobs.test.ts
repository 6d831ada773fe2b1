import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../src/db/database.ts'
import { countJobs, enqueue, enqueueAll } from '../src/jobs/enqueue.ts'
import { findExhausted } from '../src/jobs/exhausted.ts'
import { parsePayload, RUNNER_NAMES, rowOf, TASK_NAMES, type TaskName } from '../src/jobs/registry.ts'
import { createTasks } from '../workers/tasks.ts'
import { testDatabase } from './support/database.ts'
import { testApp } from './support/setup.ts'

/** A payload of each task as it is in the queues of installations, its key and its priority: none of them may change. */
const QUEUED: { readonly [name in TaskName]: [payload: object, key: string | null, priority: number] } = {
  take_down: [{ takeDownId: 3, recheck: true }, 'take_down:3:true', 0],
  delete_superseded: [{}, 'delete_superseded', 0],
  delete_unused: [{}, 'delete_unused', 0],
  prune_events: [{}, 'prune_events', 0],
  prune_audit_log: [{}, 'prune_audit_log', 0],
  store_tombstones: [{}, 'store_tombstones', 0],
  write_snapshot: [{}, 'write_snapshot', 0],
  make_rest: [{ itemIds: [1, 2] }, null, 10],
  warm_page: [{ itemIds: [1] }, null, 60],
  ingest_upload: [{ uploadId: 3, waitS: 2, tries: 1 }, 'upload:3', 20],
  render_upload: [{ chunkId: 3, waitS: 0 }, 'render_upload:3', 30],
  make_composites: [{ familyId: 3 }, 'make_composites:3', 50],
  plan_backfill: [{ backfillId: 3 }, 'plan_backfill:3', 100],
  run_chunk: [{ chunkId: 3, waitS: 60 }, 'run_chunk:3', 100],
  compose_backfill: [{ backfillId: 3 }, 'compose_backfill:3', 100],
}

describe('the registry of tasks', () => {
  it.each(TASK_NAMES)('%s keeps its payload, key and priority', (name) => {
    const [payload, key, priority] = QUEUED[name]
    const row = rowOf(name)
    expect(parsePayload(name, payload)).toEqual(payload)
    expect(row.rank?.(payload) ?? 0).toBe(0)
    expect([row.key?.(payload) ?? null, row.priority]).toEqual([key, priority])
  })

  it('reads what the previous release queued', () => {
    expect(parsePayload('take_down', { takeDownId: 3, second: true })).toEqual({ takeDownId: 3, recheck: true })
    expect(parsePayload('run_chunk', { chunkId: 3 })).toEqual({ chunkId: 3, waitS: 0 })
    expect(() => parsePayload('take_down', { takeDownId: 'three' })).toThrow('expected number')
  })

  it('has a function for each task, in one runner', async () => {
    const app = await testApp()
    const names = RUNNER_NAMES.flatMap((runner) => Object.keys(createTasks(app, runner)))
    expect(names.sort()).toEqual([...TASK_NAMES].sort())
  })
})

describe('queueing', () => {
  async function database() {
    const { pg, close } = await openDatabase(await testDatabase(), { connectionsMax: 1 })
    onTestFinished(close)
    const jobs = async () => {
      const { rows } = await pg.query(
        `select j.task_identifier as task, p.payload, j.key, j.priority, j.max_attempts as attempts,
           round(extract(epoch from j.run_at - j.updated_at)) as delay
         from graphile_worker.jobs j join graphile_worker._private_jobs p using (id) order by j.id`,
      )
      return rows
    }
    return { pg, jobs }
  }

  it('stores the registry’s key, priority and attempts, and one job for each key', async () => {
    const { pg, jobs } = await database()
    await enqueue(pg, 'make_composites', { familyId: 1 })
    await enqueue(pg, 'make_composites', { familyId: 1 }, { delayS: 60 })
    expect(await jobs()).toEqual([
      {
        task: 'make_composites',
        payload: { familyId: 1 },
        key: 'make_composites:1',
        priority: 50,
        attempts: 5,
        delay: '60',
      },
    ])
    expect([await countJobs(pg, 'make_composites', 9), await countJobs(pg, 'run_chunk', 9)]).toEqual([1, 0])
  })

  it('adds any number at once, separate ones without a key, and none for an empty list', async () => {
    const { pg, jobs } = await database()
    await enqueueAll(pg, 'make_rest', [{ payload: { itemIds: [1] } }, { payload: { itemIds: [1] } }])
    await enqueueAll(pg, 'make_rest', [])
    expect((await jobs()).map(({ key, payload }) => [key, payload])).toEqual([
      [null, { itemIds: [1] }],
      [null, { itemIds: [1] }],
    ])
    expect([await countJobs(pg, null, 9), await countJobs(pg, null, 1)]).toEqual([2, 1])
  })

  it('refuses an invalid payload', async () => {
    const { pg } = await database()
    await expect(enqueue(pg, 'make_rest', { itemIds: [] })).rejects.toThrow('Too small')
  })

  it('finds and removes jobs without attempts left', async () => {
    const { pg } = await database()
    await enqueueAll(pg, 'render_upload', [{ payload: { chunkId: 7 } }, { payload: { chunkId: 8 } }])
    await pg.query(`update graphile_worker._private_jobs set attempts = max_attempts where key = 'render_upload:7'`)
    const found = await findExhausted(pg, 'render_upload')
    expect(found.map(({ payload }) => payload)).toEqual([{ chunkId: 7, waitS: 0 }])
    for (const { remove } of found) await remove(pg)
    expect([await findExhausted(pg, 'render_upload'), await countJobs(pg, null, 9)]).toEqual([[], 1])
  })
})
