import { statement } from '../db/statement.ts'

/**
 * The tables of a snapshot, in the order in which their rows can be inserted. Not among them: pictures and search documents, which are made
 * again from the stores and the catalogue; webhooks, whose secrets must not lie in a bucket; and what is history (backfills, uploads,
 * events, the audit log).
 */
export const TABLES = [
  { name: 'url_secret', key: 'id' },
  { name: 'preset_recipe', key: null },
  { name: 'layout_use', key: null },
  { name: 'vendor', key: 'id' },
  { name: 'family', key: 'id' },
  { name: 'icon_set', key: 'id' },
  { name: 'take_down', key: 'id' },
  { name: 'item', key: 'id' },
  { name: 'composite', key: 'id' },
  { name: 'token', key: 'id' },
] as const

export type TableName = (typeof TABLES)[number]['name']

/** Reads rows of each table after an id, in its order. A table without ids is small: all of it is read at once. */
export const READ_ROWS = Object.fromEntries(
  TABLES.map(({ name, key }) => [
    name,
    statement({
      name: `read-rows-of-${name.replaceAll('_', '-')}`,
      text: `
        select to_jsonb(t)::text as line, ${key ?? '0'} as id from ${name} t
        where ${key ?? '1'} > :afterId order by ${key ? 't.id' : 'line'} limit :limit`,
      parameters: { afterId: 'int4', limit: 'int8' },
      columns: { line: 'text', id: 'int4' },
    }),
  ]),
) as unknown as Record<TableName, Rows>

type Rows = ReturnType<typeof statement<{ afterId: 'int4'; limit: 'int8' }, { line: 'text'; id: 'int4' }>>

/** Has the ids of new rows follow the greatest one. */
export const MOVE_SEQUENCES = TABLES.filter(({ name, key }) => key && name !== 'url_secret').map(({ name }) =>
  statement({
    name: `move-sequence-of-${name.replaceAll('_', '-')}`,
    text: `
      select setval(pg_get_serial_sequence('${name}', 'id'), greatest((select max(id) from ${name}), 1),
                    exists (select from ${name}))`,
    columns: { setval: 'int8' },
  }),
)
