import { LRUCache } from 'lru-cache'
import { log } from '../core/log.ts'
import { logFailure } from '../core/log-failure.ts'
import { toStorable } from '../core/text.ts'
import type { Pg } from '../db/database.ts'
import { fetchAll, query } from '../db/query.ts'
import { type Queryable, statement } from '../db/statement.ts'
import type { Caller } from './caller.ts'

/** Something done on behalf of a caller, or refused. */
export interface AuditRecord {
  readonly caller: Pick<Caller, 'actor' | 'vendor'>
  /** The name of a mutation or field, `authenticate`, or `configure`. */
  readonly action: string
  /** What it concerned: a node id, a unique id, a name, a path. */
  readonly target: string | null
  /** `DONE`, or the code of the error. */
  readonly outcome: string
  readonly requestId: string | null
}

export interface AuditLog {
  /** Writes what was done, in the caller's transaction. */
  readonly write: (db: Queryable, record: AuditRecord) => Promise<void>
  /**
   * Writes what was refused or failed, on its own. At most REFUSALS_MAX a minute for each actor: whoever sends refused requests cannot fill
   * the disk. Never throws: the refusal itself matters more.
   */
  readonly refuse: (record: AuditRecord) => void
  /** Waits for what is being written. */
  readonly close: () => Promise<void>
}

/** Per process. */
const REFUSALS_MAX = 60
const WINDOW_MS = 60_000
/** Actors whose refusals are counted at the same time. */
const ACTORS_MAX = 1000
const TARGET_MAX = 300

/** The audit log of a process: it limits the refusals that it records, and closing waits for those that are being written. */
export function openAuditLog(pg: Pg): AuditLog {
  /** How many were refused in the current minute; it begins with the first. */
  const refused = new LRUCache<string, { count: number }>({ max: ACTORS_MAX, ttl: WINDOW_MS })
  const writing = new Set<Promise<unknown>>()
  return {
    write,
    refuse(record) {
      const { actor } = record.caller
      const window = refused.get(actor) ?? { count: 0 }
      window.count++
      if (window.count === 1) refused.set(actor, window)
      if (window.count === REFUSALS_MAX + 1)
        log.warn('an actor is refused very often: its further refusals in this minute are not in the audit log', {
          actor,
        })
      if (window.count > REFUSALS_MAX) return
      const written = write(pg, record)
        .catch((error) => logFailure('a refusal could not be written into the audit log', error))
        .finally(() => writing.delete(written))
      writing.add(written)
    },
    async close() {
      await Promise.all(writing)
    },
  }
}

async function write(db: Queryable, { caller, action, target, outcome, requestId }: AuditRecord): Promise<void> {
  await ADD_ENTRY.run(db, {
    actor: caller.actor,
    vendor: caller.vendor?.username ?? null,
    action,
    target: target && toStorable(target.slice(0, TARGET_MAX)),
    outcome,
    requestId,
  })
}

const ADD_ENTRY = statement({
  name: 'add-audit-entry',
  isPrepared: true,
  text: `
    insert into audit_entry (actor, vendor, action, target, outcome, request_id)
    values (:actor, :vendor, :action, :target, :outcome, :requestId)`,
  parameters: {
    actor: 'text',
    vendor: 'text?',
    action: 'text',
    target: 'text?',
    outcome: 'text',
    requestId: 'text?',
  },
})

const PAGE = 1000

/** All entries, or those of one vendor, in the order of their ids, page by page. Memory: one page. */
export async function* readAuditLog(pg: Pg, vendor: string | null) {
  for (let afterId = 0; ; ) {
    const entries = query
      .selectFrom('audit_entry')
      .select(['id', 'at', 'actor', 'vendor', 'action', 'target', 'outcome', 'request_id as requestId'])
      .where('id', '>', afterId)
    const own = vendor === null ? entries : entries.where('vendor', '=', vendor)
    const rows = await fetchAll(pg, own.orderBy('id').limit(PAGE))
    const last = rows.at(-1)
    if (!last) return
    afterId = last.id
    yield rows
  }
}

const BATCH = 10_000

/** Deletes the entries that are older, in short transactions. */
export async function pruneAuditLog(pg: Pg, { days, signal }: { days: number; signal?: AbortSignal }): Promise<void> {
  while (!signal?.aborted && (await PRUNE.run(pg, { days, limit: BATCH })) === BATCH);
}

const PRUNE = statement({
  name: 'prune-audit-log',
  text: `
    delete from audit_entry where id in
      (select id from audit_entry where at < now() - make_interval(days => :days) order by at limit :limit)`,
  parameters: { days: 'int4', limit: 'int8' },
})
