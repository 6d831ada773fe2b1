import { readFile } from 'node:fs/promises'
import type { App } from '../../src/app.ts'
import { readProgress } from '../../src/backfill/progress.ts'
import { childrenOf, cpuOf } from './service.ts'

/** The state of a running backfill at one moment. */
export interface Sample {
  readonly atMs: number
  readonly done: number
  /** The largest worker process; the largest renderer; all of Postgres, with shared pages counted once. */
  readonly workerMb: number
  readonly rendererMb: number
  readonly postgresMb: number
  readonly jobs: number
  readonly databaseMb: number
  readonly deadTuples: number
}

export async function sampleService(
  app: App,
  { backfillId, workers }: { backfillId: number; workers: readonly number[] },
): Promise<Sample> {
  const [progress] = await readProgress(app.pg, [backfillId])
  const { rows } = await app.pg.query(
    `select (select count(*) from graphile_worker.jobs)::int as jobs, pg_database_size(current_database()) / 1e6 as size,
            (select coalesce(sum(n_dead_tup), 0) from pg_stat_user_tables)::int as dead`,
  )
  const renderers = (await Promise.all(workers.map(childrenOf))).flat()
  const memory = async (pids: readonly number[]) =>
    Math.max(0, ...(await Promise.all(pids.map((pid) => readMb(pid, 'status', /VmRSS:\s+(\d+)/)))))
  const postgres = await Promise.all(
    (await postgresOf(app.pg)).map((pid) => readMb(pid, 'smaps_rollup', /^Pss:\s+(\d+)/m)),
  )
  return {
    atMs: Date.now(),
    done: (progress?.doneItems ?? 0) + (progress?.failedItems ?? 0),
    workerMb: await memory(workers),
    rendererMb: await memory(renderers),
    postgresMb: postgres.reduce((sum, mb) => sum + mb, 0),
    jobs: rows[0].jobs,
    databaseMb: Number(rows[0].size),
    deadTuples: rows[0].dead,
  }
}

/** CPU time so far in ms, of the workers themselves, of Postgres, and of the renderers; exited renderers count with their parents. */
export async function cpuOfTree(workers: readonly number[], pg: App['pg']) {
  const own = await Promise.all(workers.map((pid) => cpuOf(pid)))
  const living = await Promise.all((await Promise.all(workers.map(childrenOf))).flat().map((pid) => cpuOf(pid)))
  const postmaster = await postmasterOf(pg)
  const backends = await Promise.all((await postgresOf(pg)).map((pid) => cpuOf(pid)))
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  return {
    workerMs: sum(own.map(({ self }) => self)),
    renderersMs: sum(own.map(({ reaped }) => reaped)) + sum(living.map(({ self, reaped }) => self + reaped)),
    postgresMs: sum(backends.map(({ self }) => self)) + (await cpuOf(postmaster)).reaped,
  }
}

async function readMb(pid: number, file: string, pattern: RegExp): Promise<number> {
  const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
  return Number(pattern.exec(text)?.[1] ?? 0) / 1000
}

async function postmasterOf(pg: App['pg']): Promise<number> {
  const { rows } = await pg.query('select pg_backend_pid() as pid')
  const stat = await readFile(`/proc/${rows[0].pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

async function postgresOf(pg: App['pg']): Promise<number[]> {
  const postmaster = await postmasterOf(pg)
  return [postmaster, ...(await childrenOf(postmaster))]
}
