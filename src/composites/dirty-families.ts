import type { Scope } from '../catalogue/scope.ts'
import type { Layouts } from '../core/layouts.ts'
import { IS_SETTLED } from '../coverage/settled.ts'
import type { Pg } from '../db/database.ts'

/** The task that composes a family's pictures, and its place in the queue: before the chunks of a backfill. */
export const MAKE_COMPOSITES = 'make_composites'
const PRIORITY = 50
/** A job runs when its family has been quiet for so long: every change replaces it. */
const QUIET_S = 3
/** What never settles (nobody backfills, a failure that may pass) is composed as it is, within 10 minutes. */
const OVERDUE_S = 540
/** A job that was given up is queued again. */
const LOST_S = 600
/** Jobs in the queue: the others wait in our own table. */
const QUEUED_MAX = 200

/** Notes the families that have pictures of other layouts than these, or not of all of them, so that they are composed anew. */
export async function markLayoutsDirty(pg: Pg, layouts: Layouts): Promise<void> {
  await pg.query(MARK_LAYOUTS_DIRTY, valuesOf(layouts))
}

/**
 * Families of a scope without a picture of each of these layouts, or all of them, in the order of their ids behind
 * `afterId`.
 */
export async function findToCompose(
  pg: Pg,
  wanted: { layouts: Layouts; scope: Scope; all: boolean; afterId: number; limit: number },
): Promise<number[]> {
  const { layouts, scope, all, afterId, limit } = wanted
  const { vendorId, familyId, iconSetId } = scope
  const { rows } = await pg.query<{ id: number }>(FIND_TO_COMPOSE, [
    ...valuesOf(layouts),
    vendorId,
    familyId,
    iconSetId,
    afterId,
    limit,
    all,
  ])
  return rows.map(({ id }) => id)
}

const valuesOf = (layouts: Layouts) => [
  [...layouts.values()].map(({ name }) => name),
  [...layouts.values()].map(({ recipeHash }) => recipeHash),
]

/**
 * Queues a job for each family that has settled, or has waited long: once it has been quiet for some seconds, in the place
 * of one that waits already. Any number of processes may.
 */
export async function queueComposites(pg: Pg): Promise<void> {
  for (const [name, condition] of DUE)
    await pg.query({
      name: `queue-composites-${name}`,
      text: QUEUE(condition),
      values: [MAKE_COMPOSITES, QUEUED_MAX, PRIORITY, QUIET_S],
    })
}

/** Has those of these families that have settled composed at once, also where a job waits for quiet: they are done. */
export async function queueSettled(pg: Pg, familyIds: readonly number[]): Promise<void> {
  await pg.query(QUEUE('is_settled and family_id = any($5::int[])'), [
    MAKE_COMPOSITES,
    QUEUED_MAX,
    PRIORITY,
    0,
    familyIds,
  ])
}

/** A family's change, as a job finds it. */
export interface FamilyChange {
  /** Of this change and no later one. */
  readonly changedAt: string
  /** Every picture that its items want is made or cannot be made, and no change waits to be counted. */
  readonly isSettled: boolean
  readonly isOverdue: boolean
}

/** Null: nothing has changed since its pictures were composed. */
export async function readChange(pg: Pg, familyId: number): Promise<FamilyChange | null> {
  const { rows } = await pg.query({
    name: 'read-family-change',
    text: `select c.changed_at::text as "changedAt", ${IS_SETTLED('c.family_id')} as "isSettled",
             c.changed_at < now() - make_interval(secs => ${OVERDUE_S}) as "isOverdue"
           from family_change c where c.family_id = $1`,
    values: [familyId],
  })
  return rows[0] ?? null
}

/** The pictures show this change; a later one stays. */
export async function forgetChange(
  pg: Pg,
  familyId: number,
  { changedAt }: Pick<FamilyChange, 'changedAt'>,
): Promise<void> {
  await pg.query('delete from family_change where family_id = $1 and changed_at = $2', [familyId, changedAt])
}

/** Gives a job's family back. @param options.isSettled false: not before the next change, or the time */
export async function postpone(
  pg: Pg,
  familyId: number,
  { changedAt, isSettled }: { changedAt: string; isSettled: boolean },
): Promise<void> {
  await pg.query(
    'update family_change set is_settled = $3, queued_at = null where family_id = $1 and changed_at = $2',
    [familyId, changedAt, isSettled],
  )
}

/** SQL: the family lacks the picture of one of the layouts $1 by the recipes $2. */
const LACKS_LAYOUT = `exists (
  select from unnest($1::text[], $2::text[]) as w(layout, recipe_hash)
  where not exists (select from composite c where c.family_id = f.id and c.is_current
                      and c.layout = w.layout and c.recipe_hash = w.recipe_hash))`

const MARK_LAYOUTS_DIRTY = `
  insert into family_change (family_id, is_settled)
  select f.id, true from family f
  where exists (select from composite c where c.family_id = f.id and c.is_current) and ${LACKS_LAYOUT}
  order by f.id
  on conflict (family_id) do nothing`

const FIND_TO_COMPOSE = `
  select f.id from family f
  where ($3::int is null or f.vendor_id = $3) and ($4::int is null or f.id = $4)
    and ($5::int is null or f.id = (select family_id from icon_set where id = $5)) and f.id > $6 and ($8 or ${LACKS_LAYOUT})
  order by f.id limit $7`

const DUE = [
  ['settled', 'is_settled and queued_at is null'],
  [
    'overdue',
    `changed_at < now() - make_interval(secs => ${OVERDUE_S})
     and (queued_at is null or queued_at < now() - make_interval(secs => ${LOST_S}))`,
  ],
  ['lost', `is_settled and queued_at < now() - make_interval(secs => ${LOST_S})`],
] as const

// The queue is asked for its length only when there is something to add.
const QUEUE = (condition: string) => `
  with due as materialized (
    select family_id from family_change where ${condition} order by changed_at limit $2 for update skip locked
  ), room as (
    select $2 - count(*) as places from (
      select from graphile_worker.jobs where task_identifier = $1 and exists (select from due) limit $2
    ) as queued
  ), marked as (
    update family_change c set queued_at = now()
    from (select family_id from due limit (select greatest(places, 0) from room)) as d
    where c.family_id = d.family_id
    returning c.family_id, c.changed_at
  )
  select graphile_worker.add_job($1, payload => json_build_object('familyId', family_id),
    job_key => $1 || ':' || family_id, priority => $3, max_attempts => 5,
    run_at => greatest(changed_at + make_interval(secs => $4), now())) from marked`
