import { hostname } from 'node:os'
import { sql } from 'kysely'
import { log } from '../core/log.ts'
import { readPidSpace, startOf } from '../core/processes.ts'
import type { Pg } from '../db/database.ts'
import { anyOf, execute, now, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { workerTakeovers } from '../telemetry/metrics.ts'

export const HEARTBEAT_EVERY_MS = 10_000
/** A worker without a heartbeat for this long is dead. */
const SILENT_S = 60
/** A worker counts as present for three heartbeats. */
export const PRESENT_S = (3 * HEARTBEAT_EVERY_MS) / 1000
/** After an outage, other workers need this long until their heartbeats arrive again. */
const AFTER_OUTAGE_MS = 2 * HEARTBEAT_EVERY_MS

/** Records that this worker is alive. @param workerId graphile-worker's pool id, random, as in its jobs' locks */
export async function heartbeat(pg: Pg, workerId: string): Promise<void> {
  const alive = query
    .insertInto('worker')
    .values({ id: workerId, host: hostname(), pid: process.pid, pid_space: await readPidSpace() })
  await execute(
    pg,
    alive.onConflict((known) => known.column('id').doUpdateSet({ seen_at: now })),
  )
}

/** Removes this worker's heartbeat when it stops. */
export async function deregister(pg: Pg, workerId: string): Promise<void> {
  await execute(pg, query.deleteFrom('worker').where('id', '=', workerId))
}

/** The queues of this process. */
export interface OwnQueues {
  readonly ids: readonly string[]
  /** The ids of the jobs that they are running. */
  readonly running: () => readonly string[]
}

/**
 * Every ten seconds, a worker records its heartbeat and returns the jobs of dead workers to the queue. It only declares others dead after
 * its own heartbeats have succeeded for a while: during an outage nobody's heartbeat arrives.
 */
export function createHeartbeat(pg: Pg, own: OwnQueues): () => Promise<void> {
  let heardSince = performance.now()
  let lastAt = heardSince
  return async () => {
    for (const id of own.ids) await heartbeat(pg, id)
    const now = performance.now()
    if (now - lastAt > AFTER_OUTAGE_MS) heardSince = now
    lastAt = now
    await recoverJobs(pg, own.ids, { trustsSilence: now - heardSince > AFTER_OUTAGE_MS })
    await recoverLost(pg, own)
  }
}

/**
 * Returns the jobs of dead workers to the queue: graphile-worker alone would wait four hours. A worker is dead after a minute without a
 * heartbeat, or, within the same PID namespace, as soon as its process is gone.
 */
export async function recoverJobs(
  pg: Pg,
  ownIds: readonly string[],
  { trustsSilence = true }: { trustsSilence?: boolean } = {},
): Promise<string[]> {
  const rows = await FIND_OTHERS.all(pg, { ownIds, silentS: SILENT_S })
  const pidSpace = await readPidSpace()
  const dead: string[] = []
  for (const other of rows) {
    const isComparable = pidSpace !== null && other.pid_space === pidSpace
    const isGone = isComparable && (other.pid === process.pid || (await startOf(other.pid)) === null)
    if ((trustsSilence && other.silent) || isGone) dead.push(other.id)
  }
  if (dead.length === 0) return dead
  await UNLOCK.run(pg, { dead })
  await execute(pg, query.deleteFrom('worker').where('id', '=', anyOf(dead)))
  workerTakeovers.inc({}, dead.length)
  log.warn('returned the jobs of dead workers to the queue', { workers: dead.join(',') })
  return dead
}

/** SQL: how many worker processes have sent a heartbeat recently. */
export const LIVE_WORKERS = `(select count(distinct (host, pid, pid_space))::int from worker where seen_at > now() - make_interval(secs => ${PRESENT_S}))`

/** Whether any worker, on any host, has sent a heartbeat recently. */
export async function hasAnyWorker(pg: Pg): Promise<boolean> {
  const seen = sql<boolean>`seen_at > now() - make_interval(secs => ${PRESENT_S})`
  return (await execute(pg, query.selectFrom('worker').select('id').where(seen).limit(1))) > 0
}

const FIND_OTHERS = statement({
  name: 'find-other-workers',
  text: `
    select id, pid, pid_space, seen_at < now() - make_interval(secs => :silentS) as silent from worker
      where id <> all(:ownIds::text[])
    union all
    -- Killed before its first heartbeat: it holds jobs, and nobody knows it.
    select distinct locked_by, 0, null, true from graphile_worker.jobs
      where locked_at < now() - make_interval(secs => :silentS) and locked_by <> all(:ownIds::text[])
        and locked_by not in (select id from worker)`,
  parameters: { ownIds: 'text[]', silentS: 'float8' },
  columns: { id: 'text', pid: 'int4', pid_space: 'text?', silent: 'bool' },
})

const UNLOCK = statement({
  name: 'unlock-workers',
  text: 'select graphile_worker.force_unlock_workers(:dead::text[])',
  parameters: { dead: 'text[]' },
  columns: { force_unlock_workers: 'void' },
})

/**
 * Returns jobs that are locked by this worker but not running: Postgres executed the statement that fetched them, but its answer was
 * lost. Does not count as an attempt. A statement of the queue ends or fails well within the time.
 */
async function recoverLost(pg: Pg, { ids, running }: OwnQueues): Promise<void> {
  const lost = await RECOVER_LOST.run(pg, { ids, running: running(), lockedS: SILENT_S })
  if (lost > 0) log.warn('returned jobs lost in an outage to the queue', { jobs: lost })
}

const RECOVER_LOST = statement({
  name: 'recover-lost-jobs',
  text: `
    update graphile_worker._private_jobs set locked_by = null, locked_at = null, attempts = greatest(attempts - 1, 0)
    where locked_by = any(:ids::text[]) and id <> all(:running::bigint[])
      and locked_at < now() - make_interval(secs => :lockedS)`,
  parameters: { ids: 'text[]', running: 'int8[]', lockedS: 'float8' },
})
