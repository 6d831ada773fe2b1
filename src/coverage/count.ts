import { sql } from 'kysely'
import type { Scope } from '../catalogue/scope.ts'
import { TAKEN_DOWN } from '../catalogue/taken-down.ts'
import { type Preset, type Presets, RENDERER_VERSION } from '../core/variant.ts'
import type { UrlSecret } from '../core/version.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { COVERAGE_LOCK, lockTransaction, tryLockTransaction } from '../db/locks.ts'
import { anyOf, execute, fetchAll, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { markFamiliesDirty } from './settled.ts'

const SETS_PER_BATCH = 100
const CHANGES_PER_BATCH = 10_000

/** What coverage counts: pictures of these presets under keys of this secret. */
export interface Covered {
  readonly pg: Pg
  readonly presets: Presets
  readonly urlSecret: UrlSecret
}

/**
 * Sets the presets that coverage counts: those that a backfill makes by default. If one is new or has changed, its pictures become stale
 * and every set is due, as they do if the secret is another one; counts of removed presets are deleted. If nothing has changed, it does not wait for processes that are counting.
 */
export async function coverPresets({ pg, presets, urlSecret }: Covered): Promise<void> {
  const all = coveredPresets(presets)
  const names = all.map((preset) => preset.name)
  if (await areCovered(pg, all, urlSecret)) return
  await inTransaction(pg, async (client) => {
    await lockTransaction(client, COVERAGE_LOCK)
    const isGone = sql<boolean>`preset <> all(${names})`
    await execute(client, query.deleteFrom('coverage_preset').where(isGone))
    await execute(client, query.deleteFrom('coverage').where(isGone))
    const changed = await COVER_PRESETS.all(client, {
      names,
      formats: all.map((preset) => preset.formats[0] ?? 'WEBP'),
      recipeHashes: all.map((preset) => preset.recipeHash),
      rendererVersion: RENDERER_VERSION,
      urlSecretId: urlSecret.id,
    })
    if (changed.length === 0) return
    const stale = query.updateTable('coverage').set((eb) => ({ stale: eb('stale', '+', eb.ref('ready')), ready: 0 }))
    const ofChanged = anyOf(changed.map(({ preset }) => preset))
    await execute(client, stale.where('preset', '=', ofChanged).where('ready', '>', 0))
    const sets = query.selectFrom('icon_set').select('id')
    await execute(client, query.insertInto('coverage_change').columns(['icon_set_id']).expression(sets))
  })
}

/** Presets made only on request are never complete, and nobody waits for them. */
export const coveredPresets = (presets: Presets): Preset[] => [...presets.values()].filter(({ backfill }) => backfill)

async function areCovered(pg: Pg, presets: readonly Preset[], urlSecret: UrlSecret): Promise<boolean> {
  const covered = await fetchAll(pg, query.selectFrom('coverage_preset').selectAll())
  const known = new Map(covered.map((row) => [row.preset, row]))
  const isCovered = ({ name, formats, recipeHash }: Preset) => {
    const row = known.get(name)
    return (
      row?.format === (formats[0] ?? 'WEBP') &&
      row.recipe_hash === recipeHash &&
      row.renderer_version === RENDERER_VERSION &&
      row.url_secret_id === urlSecret.id
    )
  }
  return known.size === presets.length && presets.every(isCovered)
}

const COVER_PRESETS = statement({
  name: 'cover-presets',
  text: `
    insert into coverage_preset as p (preset, format, recipe_hash, renderer_version, url_secret_id)
    select *, :rendererVersion, :urlSecretId::int from unnest(:names::text[], :formats::image_format[], :recipeHashes::text[])
    on conflict (preset) do update
      set format = excluded.format, recipe_hash = excluded.recipe_hash, renderer_version = excluded.renderer_version,
          url_secret_id = excluded.url_secret_id
      where (p.format, p.recipe_hash, p.renderer_version, p.url_secret_id)
        is distinct from (excluded.format, excluded.recipe_hash, excluded.renderer_version, excluded.url_secret_id)
    returning preset`,
  parameters: {
    names: 'text[]',
    formats: 'image_format[]',
    recipeHashes: 'text[]',
    rendererVersion: 'text',
    urlSecretId: 'int4',
  },
  columns: { preset: 'text' },
})

/**
 * Counts sets of the scope that have changed, oldest changes first, up to `itemsMax` items. Returns how many sets it counted: 0 if none
 * is due or small enough, or if another process is counting.
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
    if (options.waitForLock) await lockTransaction(client, COVERAGE_LOCK)
    else if (!(await tryLockTransaction(client, COVERAGE_LOCK))) return 0
    const rows = await TAKE_CHANGES.all(client, {
      ...scope,
      changesMax: CHANGES_PER_BATCH,
      itemsMax: options.itemsMax,
      atLeastOne: options.atLeastOne ?? false,
      setsMax: SETS_PER_BATCH,
      minAgeMs: options.minAgeMs ?? 0,
    })
    // A separate statement, so that its snapshot includes every change whose row was just deleted.
    const sets = rows.map((row) => row.id)
    if (sets.length === 0) return 0
    await COUNT_SETS.run(client, { sets })
    await markFamiliesDirty(client, sets)
    return sets.length
  })
}

/** How long the oldest change has waited to be counted, in ms; 0 if there is none. */
export const oldestChangeMs = async (pg: Pg): Promise<number> => (await OLDEST_CHANGE.get(pg))?.ms ?? 0

const OLDEST_CHANGE = statement({
  name: 'oldest-coverage-change',
  text: 'select extract(epoch from now() - noted_at)::float8 * 1000 as ms from coverage_change order by id limit 1',
  columns: { ms: 'float8' },
})

// A large import leaves a row for each item: only the oldest are read, and no others are deleted. Counting a set takes 10 µs an item; a
// worker first waits twenty times as long, so that a set that changes all the time uses at most a twentieth of a core, however large it is.
const TAKE_CHANGES = statement({
  name: 'take-coverage-changes',
  text: `
    with waiting as materialized (
      select c.id, c.icon_set_id, c.noted_at
      from coverage_change c join icon_set s on s.id = c.icon_set_id
      where (:vendorId::int is null or s.vendor_id = :vendorId) and (:familyId::int is null or s.family_id = :familyId) and (:iconSetId::int is null or s.id = :iconSetId)
        and (:minAgeMs = 0 or c.noted_at < now() - make_interval(secs => :minAgeMs / 1000.0))
      order by c.id limit :changesMax
    ), due as (
      select d.*, (select count(*) from item i where i.icon_set_id = d.icon_set_id) as items
      from (select icon_set_id, min(id) as first, min(noted_at) as since from waiting group by 1 order by 2 limit :setsMax) as d
    ), sized as (
      select icon_set_id, first, sum(items) over (order by first) as items_until
      from due where :minAgeMs = 0 or since < now() - make_interval(secs => items / 5000.0)
    ), taken as (
      select icon_set_id from sized where items_until <= :itemsMax or (:atLeastOne and first = (select min(first) from sized))
    ), gone as (
      delete from coverage_change where id in (select w.id from waiting w join taken t using (icon_set_id))
    )
    select icon_set_id as id from taken`,
  parameters: {
    vendorId: 'int4?',
    familyId: 'int4?',
    iconSetId: 'int4?',
    changesMax: 'int8',
    itemsMax: 'numeric',
    atLeastOne: 'bool',
    setsMax: 'int8',
    minAgeMs: 'int4',
  },
  columns: { id: 'int4' },
})

// The sets' counts, and for each of the four levels the difference to the previous counts. Pictures are looked up by item, in an index-only
// scan: `offset 0` keeps the planner from scanning the whole table instead, which took ten times as long with 500,000 pictures.
const COUNT_SETS = statement({
  name: 'count-sets',
  text: `
    with shown as materialized (
      select i.id, i.icon_set_id, i.source_hash, f.renderer_version as failed_in
      from item i left join render_failure f on f.item_id = i.id and f.settled and f.source_hash = i.source_hash
      where i.icon_set_id = any(:sets::int[]) and not ${TAKEN_DOWN('i')}
    ), of_set as (
      select icon_set_id, count(*) as total, array_agg(failed_in) filter (where failed_in is not null) as failures
      from shown group by 1
    ), pictured as (
      select i.icon_set_id, m.preset, coalesce(i.failed_in = p.renderer_version, false) as has_failed,
             bool_or(m.recipe_hash = p.recipe_hash and m.source_hash = i.source_hash and m.url_secret_id = p.url_secret_id) as is_ready
      from shown i
      cross join lateral (
        select m.preset, m.format, m.recipe_hash, m.source_hash, m.url_secret_id
        from image m where m.owner_type = 'ITEM' and m.owner_id = i.id offset 0
      ) as m
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
      where s.id = any(:sets::int[])
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
          stale = c.stale + excluded.stale, failed = c.failed + excluded.failed`,
  parameters: { sets: 'int4[]' },
})
