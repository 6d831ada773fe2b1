import { hostname } from 'node:os'
import { log } from '../core/log.ts'
import { startOf } from '../core/processes.ts'
import type { Pg } from '../db/database.ts'

export const HEARTBEAT_EVERY_MS = 10_000
/** A worker that is silent for so long is dead. */
const SILENT_S = 60

/** Says that this worker lives. @param workerId graphile-worker's pool id, as in its jobs' locks */
export async function heartbeat(pg: Pg, workerId: string): Promise<void> {
  await pg.query(
    `insert into worker (id, host, pid) values ($1, $2, $3) on conflict (id) do update set seen_at = now()`,
    [workerId, hostname(), process.pid],
  )
}

/** Whether a worker on this host said lately that it lives. In a container that is the one beside us. */
export async function hasLiveWorker(pg: Pg): Promise<boolean> {
  const { rowCount } = await pg.query(
    'select from worker where host = $1 and seen_at > now() - make_interval(secs => $2)',
    [hostname(), SILENT_S],
  )
  return rowCount !== 0
}

/** Says goodbye. */
export async function deregister(pg: Pg, workerId: string): Promise<void> {
  await pg.query('delete from worker where id = $1', [workerId])
}

/**
 * Gives the jobs of dead workers back to the queue: graphile-worker alone would wait four hours. Dead is who was silent
 * for a minute, and on this host at once whose process is gone.
 */
export async function recoverJobs(pg: Pg, ownIds: readonly string[]): Promise<string[]> {
  const { rows } = await pg.query<{ id: string; host: string; pid: number; silent: boolean }>(
    `select id, host, pid, seen_at < now() - make_interval(secs => $2) as silent from worker where id <> all($1::text[])
     union all
     -- Killed before its first heartbeat: it holds jobs, and nobody knows it.
     select distinct locked_by, '', 0, true from graphile_worker.jobs
     where locked_at < now() - make_interval(secs => $2) and locked_by <> all($1::text[]) and locked_by not in (select id from worker)`,
    [ownIds, SILENT_S],
  )
  const dead: string[] = []
  for (const other of rows) {
    const isHere = other.host === hostname()
    const isGone = isHere && (other.pid === process.pid || (await startOf(other.pid)) === null)
    if (other.silent || isGone) dead.push(other.id)
  }
  if (dead.length === 0) return dead
  await pg.query('select graphile_worker.force_unlock_workers($1::text[])', [dead])
  await pg.query('delete from worker where id = any($1::text[])', [dead])
  log.warn('took over the jobs of dead workers', { workers: dead.join(',') })
  return dead
}
