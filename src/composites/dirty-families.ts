import { sql } from 'kysely'
import type { PoolClient } from 'pg'
import type { Scope } from '../catalogue/scope.ts'
import type { Layouts } from '../core/layouts.ts'
import type { UrlSecret } from '../core/version.ts'
import { IS_SETTLED } from '../coverage/settled.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { anyOf, execute, now, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { countJobs, enqueueAll } from '../jobs/enqueue.ts'

/** Debounce: a job runs when its family has not changed for this long. */
const QUIET_S = 3
/** A family that never settles (no backfill, a transient failure) is composed as it is, within 10 minutes. */
const OVERDUE_S = 540
/** A job that failed for good is queued again after this long. */
const LOST_S = 600
/** Maximum number of queued jobs: further ones wait in our own table. */
const QUEUED_MAX = 200

/** Marks as dirty the families that have pictures of layouts other than these, or lack some of these. */
export async function markLayoutsDirty(pg: Pg, layouts: Layouts): Promise<void> {
  await MARK_LAYOUTS_DIRTY.run(pg, valuesOf(layouts))
}

/**
 * Families of a scope that lack a picture of one of these layouts, or have it under the key of another URL secret alone, or all of its
 * families, in the order of their ids after `afterId`.
 */
export async function findToCompose(
  { pg, layouts, urlSecret }: { pg: Pg; layouts: Layouts; urlSecret: UrlSecret },
  wanted: { scope: Scope; all: boolean; afterId: number; limit: number },
): Promise<number[]> {
  const { scope, all, afterId, limit } = wanted
  const values = { ...valuesOf(layouts), ...scope, urlSecretId: urlSecret.id, all, afterId, limit }
  const rows = await FIND_TO_COMPOSE.all(pg, values)
  return rows.map(({ id }) => id)
}

const valuesOf = (layouts: Layouts) => ({
  layouts: [...layouts.values()].map(({ name }) => name),
  recipeHashes: [...layouts.values()].map(({ recipeHash }) => recipeHash),
})

/**
 * Queues a job for each family that has settled or is overdue, once it has not changed for some seconds, replacing a queued one. Any
 * number of processes may call it.
 */
export async function queueComposites(pg: Pg): Promise<void> {
  await inTransaction(pg, async (client) => {
    for (const due of DUE) await queue(client, await due.all(client, { limit: QUEUED_MAX, quietS: QUIET_S }))
  })
}

/** Queues those of these families that have settled, without the debounce because they are complete, replacing queued jobs. */
export async function queueSettled(pg: Pg, familyIds: readonly number[]): Promise<void> {
  await inTransaction(pg, async (client) => {
    await queue(client, await TAKE_SETTLED.all(client, { limit: QUEUED_MAX, quietS: 0, familyIds }))
  })
}

/** Queues families from the locked changes, oldest first, up to the queue's limit. */
async function queue(
  client: PoolClient,
  due: readonly { readonly familyId: number; readonly delayS: number }[],
): Promise<void> {
  // The queue is only counted if there is something to add.
  if (due.length === 0) return
  const queued = due.slice(0, QUEUED_MAX - (await countJobs(client, 'make_composites', QUEUED_MAX)))
  if (queued.length === 0) return
  const familyIds = queued.map(({ familyId }) => familyId)
  await execute(
    client,
    query.updateTable('family_change').set({ queued_at: now }).where('family_id', '=', anyOf(familyIds)),
  )
  await enqueueAll(
    client,
    'make_composites',
    queued.map(({ familyId, delayS }) => ({ payload: { familyId }, delayS })),
  )
}

/** The change of a dirty family. */
export interface FamilyChange {
  /** Identifies this change: a later one has a different time. */
  readonly changedAt: string
  /** Every picture of its items has been made or cannot be made, and all changes are counted. */
  readonly isSettled: boolean
  readonly isOverdue: boolean
}

/** Null: nothing has changed since its pictures were composed. */
export async function readChange(pg: Pg, familyId: number): Promise<FamilyChange | null> {
  return (await READ_CHANGE.get(pg, { familyId })) ?? null
}

const READ_CHANGE = statement({
  name: 'read-family-change',
  isPrepared: true,
  text: `select c.changed_at::text as "changedAt", ${IS_SETTLED('c.family_id')} as "isSettled",
           c.changed_at < now() - make_interval(secs => ${OVERDUE_S}) as "isOverdue"
         from family_change c where c.family_id = :familyId`,
  parameters: { familyId: 'int4' },
  columns: { changedAt: 'text', isSettled: 'bool', isOverdue: 'bool' },
})

/** Marks the family as clean, because its pictures show this change, unless there is a later one. */
export async function clearChange(
  pg: Pg,
  familyId: number,
  { changedAt }: Pick<FamilyChange, 'changedAt'>,
): Promise<void> {
  await execute(
    pg,
    query
      .deleteFrom('family_change')
      .where('family_id', '=', familyId)
      .where('changed_at', '=', sql<Date>`${changedAt}`),
  )
}

/** Lets the family be queued again. @param options.isSettled false: only after the next change, or when it is overdue */
export async function postpone(
  pg: Pg,
  familyId: number,
  { changedAt, isSettled }: { changedAt: string; isSettled: boolean },
): Promise<void> {
  await execute(
    pg,
    query
      .updateTable('family_change')
      .set({ is_settled: isSettled, queued_at: null })
      .where('family_id', '=', familyId)
      .where('changed_at', '=', sql<Date>`${changedAt}`),
  )
}

/** SQL: the family lacks the picture of one of `:layouts` with its recipe of `:recipeHashes`. */
const LACKS_LAYOUT = `exists (
  select from unnest(:layouts::text[], :recipeHashes::text[]) as w(layout, recipe_hash)
  where not exists (select from composite c where c.family_id = f.id and c.is_current
                      and c.layout = w.layout and c.recipe_hash = w.recipe_hash))`

/** SQL: a current picture of the family exists under keys of other URL secrets alone. */
const HAS_MOVED = `exists (
  select from composite c
  join image m on m.owner_type = 'FAMILY' and m.owner_id = c.family_id and m.preset = c.layout
    and m.recipe_hash = c.recipe_hash and m.source_hash = c.members_hash
  where c.family_id = f.id and c.is_current and c.layout = any(:layouts)
  group by m.preset, m.format having not bool_or(m.url_secret_id = :urlSecretId::int))`

const MARK_LAYOUTS_DIRTY = statement({
  name: 'mark-layouts-dirty',
  text: `
    insert into family_change (family_id, is_settled)
    select f.id, true from family f
    where exists (select from composite c where c.family_id = f.id and c.is_current) and ${LACKS_LAYOUT}
    order by f.id
    on conflict (family_id) do nothing`,
  parameters: { layouts: 'text[]', recipeHashes: 'text[]' },
})

const FIND_TO_COMPOSE = statement({
  name: 'find-to-compose',
  text: `
    select f.id from family f
    where (:vendorId::int is null or f.vendor_id = :vendorId) and (:familyId::int is null or f.id = :familyId)
      and (:iconSetId::int is null or f.id = (select family_id from icon_set where id = :iconSetId)) and f.id > :afterId
      and (:all or ${LACKS_LAYOUT} or ${HAS_MOVED})
    order by f.id limit :limit`,
  parameters: {
    layouts: 'text[]',
    recipeHashes: 'text[]',
    vendorId: 'int4?',
    familyId: 'int4?',
    iconSetId: 'int4?',
    urlSecretId: 'int4',
    afterId: 'int4',
    all: 'bool',
    limit: 'int8',
  },
  columns: { id: 'int4' },
})

/** SQL: locks changes, and computes the seconds that remain of each one's debounce. */
const TAKE_DUE = (condition: string) => `
  select family_id as "familyId",
         greatest(extract(epoch from changed_at + make_interval(secs => :quietS) - now()), 0)::float8 as "delayS"
  from family_change where ${condition} order by changed_at limit :limit for update skip locked`

const DUE_COLUMNS = { familyId: 'int4', delayS: 'float8' } as const

const DUE = [
  { name: 'settled', condition: 'is_settled and queued_at is null' },
  {
    name: 'overdue',
    condition: `changed_at < now() - make_interval(secs => ${OVERDUE_S})
      and (queued_at is null or queued_at < now() - make_interval(secs => ${LOST_S}))`,
  },
  { name: 'lost', condition: `is_settled and queued_at < now() - make_interval(secs => ${LOST_S})` },
].map(({ name, condition }) =>
  statement({
    name: `take-${name}-families`,
    isPrepared: true,
    text: TAKE_DUE(condition),
    parameters: { limit: 'int8', quietS: 'float8' },
    columns: DUE_COLUMNS,
  }),
)

const TAKE_SETTLED = statement({
  name: 'take-these-settled-families',
  text: TAKE_DUE('is_settled and family_id = any(:familyIds::int[])'),
  parameters: { limit: 'int8', quietS: 'float8', familyIds: 'int4[]' },
  columns: DUE_COLUMNS,
})
