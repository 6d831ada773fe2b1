import { hostname } from 'node:os'
import { sql } from 'kysely'
import { log } from '../core/log.ts'
import { startOf } from '../core/processes.ts'
import type { Pg } from '../db/database.ts'
import { anyOf, execute, now, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'

export const HEARTBEAT_EVERY_MS = 10_000
/** A worker without a heartbeat for so long is dead. */
const SILENT_S = 60

/** Records that this worker is alive. @param workerId graphile-worker's pool id, as in its jobs' locks */
export async function heartbeat(pg: Pg, workerId: string): Promise<void> {
  const alive = query.insertInto('worker').values({ id: workerId, host: hostname(), pid: process.pid })
  await execute(
    pg,
    alive.onConflict((known) => known.column('id').doUpdateSet({ seen_at: now })),
  )
}

/** Whether a worker on this host has sent a heartbeat recently: in a container, the container's own. */
export async function hasLiveWorker(pg: Pg): Promise<boolean> {
  const seen = sql<boolean>`seen_at > now() - make_interval(secs => ${SILENT_S})`
  return (await execute(pg, query.selectFrom('worker').where('host', '=', hostname()).where(seen))) > 0
}

/** Removes this worker's heartbeat when it stops. */
export async function deregister(pg: Pg, workerId: string): Promise<void> {
  await execute(pg, query.deleteFrom('worker').where('id', '=', workerId))
}

/**
 * Returns the jobs of dead workers to the queue: graphile-worker alone would wait four hours. A worker is dead after a minute
 * without a heartbeat, and on this host as soon as its process is gone.
 */
export async function recoverJobs(pg: Pg, ownIds: readonly string[]): Promise<string[]> {
  const rows = await FIND_OTHERS.all(pg, { ownIds, silentS: SILENT_S })
  const dead: string[] = []
  for (const other of rows) {
    const isHere = other.host === hostname()
    const isGone = isHere && (other.pid === process.pid || (await startOf(other.pid)) === null)
    if (other.silent || isGone) dead.push(other.id)
  }
  if (dead.length === 0) return dead
  await UNLOCK.run(pg, { dead })
  await execute(pg, query.deleteFrom('worker').where('id', '=', anyOf(dead)))
  log.warn('took over the jobs of dead workers', { workers: dead.join(',') })
  return dead
}

const FIND_OTHERS = statement({
  name: 'find-other-workers',
  text: `
    select id, host, pid, seen_at < now() - make_interval(secs => :silentS) as silent from worker
      where id <> all(:ownIds::text[])
    union all
    -- Killed before its first heartbeat: it holds jobs, and nobody knows it.
    select distinct locked_by, '', 0, true from graphile_worker.jobs
      where locked_at < now() - make_interval(secs => :silentS) and locked_by <> all(:ownIds::text[])
        and locked_by not in (select id from worker)`,
  parameters: { ownIds: 'text[]', silentS: 'float8' },
  columns: { id: 'text', host: 'text', pid: 'int4', silent: 'bool' },
})

const UNLOCK = statement({
  name: 'unlock-workers',
  text: 'select graphile_worker.force_unlock_workers(:dead::text[])',
  parameters: { dead: 'text[]' },
  columns: { force_unlock_workers: 'void' },
})
