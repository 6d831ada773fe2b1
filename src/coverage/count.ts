import { setTimeout as delay } from 'node:timers/promises'
import { type Scope, WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import { TAKEN_DOWN } from '../catalogue/taken-down.ts'
import { causes, log } from '../core/log.ts'
import { type Presets, RENDERER_VERSION } from '../core/variant.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { markFamiliesDirty } from './settled.ts'

/** Any constant: one process counts at a time, since it adds differences to the sums. */
export const COVERAGE_LOCK = 724_012

/** Items that a worker counts in one transaction: a fifth of a second. */
const ITEMS_PER_BATCH = 20_000
const SETS_PER_BATCH = 100
const CHANGES_PER_BATCH = 10_000
/** How soon a worker notices that sets are due; a set that changes all the time is counted once per interval, by all workers together. */
const COUNT_EVERY_MS = 1000

/**
 * Sets the presets that coverage counts. When one is new or has changed, its pictures are stale from now on and every set is
 * due; counts of presets that no longer exist are deleted.
 */
export async function coverPresets(pg: Pg, presets: Presets): Promise<void> {
  const all = [...presets.values()]
  const names = all.map((preset) => preset.name)
  await inTransaction(pg, async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [COVERAGE_LOCK])
    await client.query('delete from coverage_preset where preset <> all($1)', [names])
    await client.query('delete from coverage where preset <> all($1)', [names])
    const { rows } = await client.query(COVER_PRESETS, [
      names,
      all.map((preset) => preset.formats[0]),
      all.map((preset) => preset.recipeHash),
      RENDERER_VERSION,
    ])
    if (rows.length === 0) return
    await client.query('update coverage set stale = stale + ready, ready = 0 where preset = any($1) and ready > 0', [
      rows.map((row) => row.preset),
    ])
    await client.query('insert into coverage_change (icon_set_id) select id from icon_set')
  })
}

const COVER_PRESETS = `
  insert into coverage_preset as p (preset, format, recipe_hash, renderer_version)
  select *, $4 from unnest($1::text[], $2::image_format[], $3::text[])
  on conflict (preset) do update
    set format = excluded.format, recipe_hash = excluded.recipe_hash, renderer_version = excluded.renderer_version
    where (p.format, p.recipe_hash, p.renderer_version)
      is distinct from (excluded.format, excluded.recipe_hash, excluded.renderer_version)
  returning preset`

/**
 * Counts sets of the scope that have changed, the oldest changes first, at most `itemsMax` items together.
 * Returns how many sets it counted: 0 when none is due or small enough, or when another process is counting.
 * @param options.waitForLock waits for the process that is counting, usually a fifth of a second
 * @param options.minAgeMs ignores newer changes
 * @param options.atLeastOne counts the first set, however large it is
 */
export async function countChanges(
  pg: Pg,
  scope: Scope,
  options: { itemsMax: number; waitForLock?: boolean; minAgeMs?: number; atLeastOne?: boolean },
): Promise<number> {
  return await inTransaction(pg, async (client) => {
    if (options.waitForLock) await client.query('select pg_advisory_xact_lock($1)', [COVERAGE_LOCK])
    else {
      const { rows: locks } = await client.query('select pg_try_advisory_xact_lock($1) as held', [COVERAGE_LOCK])
      if (!locks[0]?.held) return 0
    }
    const { rows } = await client.query<{ id: number }>(TAKE_CHANGES, [
      scope.vendorId,
      scope.familyId,
      scope.iconSetId,
      CHANGES_PER_BATCH,
      options.itemsMax,
      options.atLeastOne ?? false,
      SETS_PER_BATCH,
      options.minAgeMs ?? 0,
    ])
    // A separate statement, so that its snapshot includes every change whose row was just deleted.
    const sets = rows.map((row) => row.id)
    if (sets.length === 0) return 0
    await client.query(COUNT_SETS, [sets])
    await markFamiliesDirty(client, sets)
    return sets.length
  })
}

const BATCH = { itemsMax: ITEMS_PER_BATCH, minAgeMs: COUNT_EVERY_MS, atLeastOne: true }

/**
 * Counts changes within two seconds, in a set of more than 10,000 items a little later, until closed. Any number
 * of processes may.
 */
export function runCoverageLoop(pg: Pg): { close: () => Promise<void> } {
  const closing = new AbortController()
  const counting = (async () => {
    while (!closing.signal.aborted) {
      const counted = await countChanges(pg, WHOLE_CATALOGUE, BATCH).catch((error) => {
        log.warn('coverage cannot be counted', { cause: causes(error) })
        return 0
      })
      if (counted === 0) await delay(COUNT_EVERY_MS, undefined, { signal: closing.signal }).catch(() => {})
    }
  })()
  return {
    close: async () => {
      closing.abort()
      await counting
    },
  }
}

// A large import leaves a row for each item: only the oldest are read, and no others are deleted.
// A set is counted in 10 µs an item; a worker waits ten times as long before, so that a set that changes all the
// time uses a tenth of a core at most, however large it is.
const TAKE_CHANGES = `
  with waiting as materialized (
    select c.id, c.icon_set_id, c.noted_at
    from coverage_change c join icon_set s on s.id = c.icon_set_id
    where ($1::int is null or s.vendor_id = $1) and ($2::int is null or s.family_id = $2) and ($3::int is null or s.id = $3)
      and ($8 = 0 or c.noted_at < now() - make_interval(secs => $8 / 1000.0))
    order by c.id limit $4
  ), due as (
    select d.*, (select count(*) from item i where i.icon_set_id = d.icon_set_id) as items
    from (select icon_set_id, min(id) as first, min(noted_at) as since from waiting group by 1 order by 2 limit $7) as d
  ), sized as (
    select icon_set_id, first, sum(items) over (order by first) as items_until
    from due where $8 = 0 or since < now() - make_interval(secs => items / 10000.0)
  ), taken as (
    select icon_set_id from sized where items_until <= $5 or ($6 and first = (select min(first) from sized))
  ), gone as (
    delete from coverage_change where id in (select w.id from waiting w join taken t using (icon_set_id))
  )
  select icon_set_id as id from taken`

// The sets' counts, and to each of the four levels the difference to what was counted before.
// Pictures are read by an index-only scan.
const COUNT_SETS = `
  with shown as materialized (
    select i.id, i.icon_set_id, i.source_hash, f.renderer_version as failed_in
    from item i left join render_failure f on f.item_id = i.id and f.settled and f.source_hash = i.source_hash
    where i.icon_set_id = any($1::int[]) and not ${TAKEN_DOWN('i')}
  ), of_set as (
    select icon_set_id, count(*) as total, array_agg(failed_in) filter (where failed_in is not null) as failures
    from shown group by 1
  ), pictured as (
    select i.icon_set_id, m.preset, coalesce(i.failed_in = p.renderer_version, false) as has_failed,
           bool_or(m.recipe_hash = p.recipe_hash and m.source_hash = i.source_hash) as is_ready
    from shown i
    join image m on m.owner_type = 'ITEM' and m.owner_id = i.id
    join coverage_preset p on p.preset = m.preset and p.format = m.format
    group by i.id, 1, 2, 3
  ), of_preset as (
    select icon_set_id, preset, count(*) filter (where is_ready) as ready,
           count(*) filter (where not is_ready and not has_failed) as stale,
           count(*) filter (where is_ready and has_failed) as ready_despite
    from pictured group by 1, 2
  ), difference as (
    select s.id, s.family_id, s.vendor_id, p.preset,
           coalesce(a.total, 0) - coalesce(old.total, 0) as total,
           coalesce(b.ready, 0) - coalesce(old.ready, 0) as ready,
           coalesce(b.stale, 0) - coalesce(old.stale, 0) as stale,
           cardinality(array_positions(a.failures, p.renderer_version)) as all_failed,
           b.ready_despite, old.failed as old_failed
    from icon_set s cross join coverage_preset p
    left join of_set a on a.icon_set_id = s.id
    left join of_preset b on b.icon_set_id = s.id and b.preset = p.preset
    left join coverage old on old.scope_type = 'ICON_SET' and old.scope_id = s.id and old.preset = p.preset
    where s.id = any($1::int[])
  )
  insert into coverage as c (scope_type, scope_id, preset, total, ready, stale, failed)
  select at.scope_type, at.scope_id, d.preset, sum(d.total), sum(d.ready), sum(d.stale),
         sum(coalesce(d.all_failed, 0) - coalesce(d.ready_despite, 0) - coalesce(d.old_failed, 0))
  from difference d
  cross join lateral (values ('ICON_SET'::coverage_scope, d.id), ('FAMILY', d.family_id), ('VENDOR', d.vendor_id), ('CATALOGUE', 0))
    as at(scope_type, scope_id)
  group by 1, 2, 3
  on conflict (scope_type, scope_id, preset) do update
    set total = c.total + excluded.total, ready = c.ready + excluded.ready,
        stale = c.stale + excluded.stale, failed = c.failed + excluded.failed`
