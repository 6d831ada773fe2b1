import type { PoolClient } from 'pg'
import { statement } from '../db/statement.ts'

/**
 * Marks the families of sets that have just been counted as dirty, and whether they have settled. Called within the transaction that
 * counts coverage, by one process at a time.
 */
export async function markFamiliesDirty(client: PoolClient, iconSetIds: readonly number[]): Promise<void> {
  await MARK_FAMILIES_DIRTY.run(client, { iconSetIds })
}

/** SQL: according to coverage, every picture of a family's items has been made or cannot be made. */
const IS_COUNTED = (familyId: string) => `not exists (
    select from coverage_preset p
    left join coverage n on n.scope_type = 'FAMILY' and n.scope_id = ${familyId} and n.preset = p.preset
    where n.total is null or n.total <> n.ready + n.failed)`

/**
 * SQL: the same, and no change is uncounted. A row of coverage_change is visible exactly when its change is, and gone exactly when it is
 * counted, so this is never true early (test/composite-scheduler.test.ts).
 */
export const IS_SETTLED = (familyId: string) => `(
  not exists (select from coverage_change d join icon_set s on s.id = d.icon_set_id where s.family_id = ${familyId})
  and ${IS_COUNTED(familyId)})`

// Uncounted changes are scanned once: an import of changed sources leaves a row for each item.
const MARK_FAMILIES_DIRTY = statement({
  name: 'mark-families-dirty',
  isPrepared: true,
  text: `
    with changed as materialized (
      select distinct family_id from icon_set where id = any(:iconSetIds::int[])
    ), waiting as materialized (
      select distinct s.family_id from coverage_change d join icon_set s on s.id = d.icon_set_id
      where s.family_id in (select family_id from changed)
    )
    insert into family_change as c (family_id, is_settled)
    select f.family_id, f.family_id not in (select family_id from waiting) and ${IS_COUNTED('f.family_id')}
    from changed f order by 1
    on conflict (family_id) do update
      set changed_at = excluded.changed_at, is_settled = excluded.is_settled, queued_at = null`,
  parameters: { iconSetIds: 'int4[]' },
})
