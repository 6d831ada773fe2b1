import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/**
 * How many take-downs are not completed, and the age of the oldest in s; 0 if there is none. A failed one counts until it is restored or the
 * same target is taken down again.
 */
export async function countOpenTakeDowns(pg: Pg): Promise<{ open: number; oldestS: number }> {
  return (await COUNT_OPEN.get(pg)) ?? { open: 0, oldestS: 0 }
}

const COUNT_OPEN = statement({
  name: 'count-open-take-downs',
  text: `
    select count(*)::int as open, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as "oldestS"
    from take_down t
    where restored_at is null and (status in ('QUEUED', 'RUNNING') or status = 'FAILED' and not exists (
      select from take_down later where later.target_type = t.target_type and later.target_id = t.target_id and later.id > t.id
    ))`,
  columns: { open: 'int4', oldestS: 'float8' },
})
