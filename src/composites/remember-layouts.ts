import type { Layouts } from '../core/layouts.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** Records that this process has these layouts, so that no other one takes them for removed. */
export async function rememberLayouts(pg: Pg, layouts: Layouts): Promise<void> {
  await REMEMBER.run(pg, { layouts: [...layouts.keys()] })
}

const REMEMBER = statement({
  name: 'remember-layouts',
  text: `
    insert into layout_use (layout) select unnest(:layouts::text[]) on conflict (layout) do update set seen_at = now()`,
  parameters: { layouts: 'text[]' },
})
