import { hostname } from 'node:os'
import { log } from '../core/log.ts'
import { readPidSpace, startOf } from '../core/processes.ts'
import type { Pg } from '../db/database.ts'

export const HEARTBEAT_EVERY_MS = 10_000
/** A worker that is silent for so long is dead. */
const SILENT_S = 60
/** After an outage the others need so long to be heard again. */
const HEARD_AGAIN_MS = 2 * HEARTBEAT_EVERY_MS

/** Says that this worker lives. @param workerId graphile-worker's pool id, random, as in its jobs' locks */
export async function heartbeat(pg: Pg, workerId: string): Promise<void> {
  await pg.query(
    `insert into worker (id, host, pid, pid_space) values ($1, $2, $3, $4) on conflict (id) do update set seen_at = now()`,
    [workerId, hostname(), process.pid, await readPidSpace()],
  )
}

/** Whether a worker beside us said lately that it lives: in this container, or on this host. */
export async function hasLiveWorker(pg: Pg): Promise<boolean> {
  const { rowCount } = await pg.query(
    `select from worker where host = $1 and pid_space is not distinct from $3 and seen_at > now() - make_interval(secs => $2)`,
    [hostname(), SILENT_S, await readPidSpace()],
  )
  return rowCount !== 0
}

/** Says goodbye. */
export async function deregister(pg: Pg, workerId: string): Promise<void> {
  await pg.query('delete from worker where id = $1', [workerId])
}

/** The queues of this process. */
export interface OwnQueues {
  readonly ids: readonly string[]
  /** The ids of the jobs that they run at this moment. */
  readonly running: () => readonly string[]
}

/**
 * What a worker does every ten seconds: says that it lives, and gives the jobs of dead workers back to the queue. It takes
 * nobody's silence for death before it could speak itself for some time: in an outage nobody is heard.
 */
export function createHeartbeat(pg: Pg, own: OwnQueues): () => Promise<void> {
  let heardSince = Date.now()
  let lastAt = heardSince
  return async () => {
    for (const id of own.ids) await heartbeat(pg, id)
    const now = Date.now()
    if (now - lastAt > HEARD_AGAIN_MS) heardSince = now
    lastAt = now
    await recoverJobs(pg, own.ids, { trustsSilence: now - heardSince > HEARD_AGAIN_MS })
    await recoverLost(pg, own)
  }
}

/**
 * Gives the jobs of dead workers back to the queue: graphile-worker alone would wait four hours. Dead is who was silent
 * for a minute; and at once whose process is gone, where its id means the same to us.
 */
export async function recoverJobs(
  pg: Pg,
  ownIds: readonly string[],
  { trustsSilence = true }: { trustsSilence?: boolean } = {},
): Promise<string[]> {
  const { rows } = await pg.query<{ id: string; pid: number; pidSpace: string | null; silent: boolean }>(
    `select id, pid, pid_space as "pidSpace", seen_at < now() - make_interval(secs => $2) as silent
     from worker where id <> all($1::text[])
     union all
     -- Killed before its first heartbeat: it holds jobs, and nobody knows it.
     select distinct locked_by, 0, null, true from graphile_worker.jobs
     where locked_at < now() - make_interval(secs => $2) and locked_by <> all($1::text[]) and locked_by not in (select id from worker)`,
    [ownIds, SILENT_S],
  )
  const pidSpace = await readPidSpace()
  const dead: string[] = []
  for (const other of rows) {
    const isComparable = pidSpace !== null && other.pidSpace === pidSpace
    const isGone = isComparable && (other.pid === process.pid || (await startOf(other.pid)) === null)
    if ((trustsSilence && other.silent) || isGone) dead.push(other.id)
  }
  if (dead.length === 0) return dead
  await pg.query('select graphile_worker.force_unlock_workers($1::text[])', [dead])
  await pg.query('delete from worker where id = any($1::text[])', [dead])
  log.warn('took over the jobs of dead workers', { workers: dead.join(',') })
  return dead
}

/**
 * Gives back the jobs that are locked by us and that we do not run: Postgres carried the statement out that took them, and
 * the answer was lost. Not as an attempt. A statement of the queue is answered or given up well within the time.
 */
async function recoverLost(pg: Pg, { ids, running }: OwnQueues): Promise<void> {
  const { rowCount } = await pg.query(
    `update graphile_worker._private_jobs set locked_by = null, locked_at = null, attempts = greatest(attempts - 1, 0)
     where locked_by = any($1::text[]) and id <> all($2::bigint[]) and locked_at < now() - make_interval(secs => $3)`,
    [ids, running(), SILENT_S],
  )
  if (rowCount) log.warn('gave back jobs that an outage had lost', { jobs: rowCount })
}
