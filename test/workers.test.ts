import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createHeartbeat, heartbeat, recoverJobs } from '../src/jobs/workers.ts'
import { testApp } from './support/setup.ts'

/** A command prefix that isolates processes, as in two containers with one host name; empty if the machine does not allow it. */
const UNSHARE = ['unshare', '--pid', '--fork', '--mount-proc']
const isolate = spawnSync(UNSHARE[0] ?? '', [...UNSHARE.slice(1), 'true']).status === 0 ? UNSHARE : []
const SILENCE = `update worker set seen_at = now() - interval '2 minutes' where id = $1`

async function startNeighbour(url: string, id: string): Promise<{ child: ChildProcess; pid: number; dead: string[] }> {
  const script = path.join(import.meta.dirname, 'support/worker-neighbour.ts')
  const [command = '', ...args] = [...isolate, process.execPath, script, url, id]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  onTestFinished(async () => {
    child.stdin.end()
    await gone
  })
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  return { child, ...JSON.parse(line) }
}

describe('a worker', () => {
  it('of another PID namespace is not dead because its process is not visible here', async () => {
    const { pg, config } = await testApp()
    const url = config.databaseUrl ?? ''
    const one = await startNeighbour(url, 'one')
    // If they cannot be isolated: as if they were, and as if the process id did not exist here.
    if (isolate.length === 0)
      await pg.query(`update worker set pid_space = 'another', pid = ${2 ** 31 - 1} where id = 'one'`)
    const two = await startNeighbour(url, 'two')
    expect(two.dead).toEqual([])
    if (isolate.length > 0) expect([one.pid, two.pid]).toEqual([1, 1])
    expect(await recoverJobs(pg, [])).toEqual([])
    await pg.query(SILENCE, ['one'])
    expect(await recoverJobs(pg, [])).toEqual(['one'])
  })

  it('of this PID namespace is dead as soon as its process has exited', async () => {
    const { pg } = await testApp()
    await heartbeat(pg, 'here')
    expect(await recoverJobs(pg, ['here'])).toEqual([])
    await pg.query(`update worker set pid = ${2 ** 31 - 1}`)
    expect(await recoverJobs(pg, [])).toEqual(['here'])
  })

  it('is distinguished from another one with the same host name', async () => {
    const { pg } = await testApp()
    await pg.query(`insert into worker (id, host, pid, pid_space) values ('there', $1, 2147483647, 'another')`, [
      hostname(),
    ])
    expect(await recoverJobs(pg, [])).toEqual([])
  })

  const withClocks = async () => {
    const { pg } = await testApp()
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const sendHeartbeat = createHeartbeat(pg, { ids: ['mine'], running: () => [] })
    const others = async () => (await pg.query(`select id from worker where id <> 'mine'`)).rows.map(({ id }) => id)
    const sendAfter = async (seconds: number) => {
      vi.advanceTimersByTime(seconds * 1000)
      await sendHeartbeat()
      return await others()
    }
    await pg.query(`insert into worker (id, host, pid, pid_space) values ('other', 'elsewhere', 1, 'another')`)
    for (let round = 0; round < 4; round++) expect(await sendAfter(10)).toEqual(['other'])
    return { pg, sendAfter }
  }

  it('does not declare others dead right after an outage', async () => {
    const { pg, sendAfter } = await withClocks()
    await pg.query(SILENCE, ['other'])
    expect(await sendAfter(120)).toEqual(['other'])
    expect(await sendAfter(10)).toEqual(['other'])
    expect(await sendAfter(10)).toEqual(['other'])
    expect(await sendAfter(10)).toEqual([])
  })

  it('declares others dead whatever happens to the clock of its machine, and only by that of the database', async () => {
    const { pg, sendAfter } = await withClocks()
    for (const hours of [1, -2]) {
      vi.setSystemTime(Date.now() + hours * 3_600_000)
      expect(await sendAfter(10)).toEqual(['other'])
    }
    await pg.query(SILENCE, ['other'])
    expect(await sendAfter(10)).toEqual([])
  })

  it('returns jobs that are locked by it but not running', async () => {
    const { pg } = await testApp()
    await pg.query(`select graphile_worker.add_job('make_rest', '{}') from generate_series(1, 3)`)
    await pg.query(
      `update graphile_worker._private_jobs set locked_by = 'mine', attempts = 1,
         locked_at = now() - case id when 1 then interval '0' else interval '2 minutes' end`,
    )
    await createHeartbeat(pg, { ids: ['mine'], running: () => ['2'] })()
    const { rows } = await pg.query(
      'select id::int, locked_by, attempts from graphile_worker._private_jobs order by id',
    )
    expect(rows).toEqual([
      { id: 1, locked_by: 'mine', attempts: 1 },
      { id: 2, locked_by: 'mine', attempts: 1 },
      { id: 3, locked_by: null, attempts: 0 },
    ])
  })
})
