import type { Pg } from '../../src/db/database.ts'

/**
 * Describes a database's schema `public`, one line for each part: columns with type and default, generated columns, keys, indexes,
 * checks, types, triggers, functions. Without Prisma's migrations table, and without whether a list may be null, which Prisma cannot
 * express.
 */
export async function describeDatabase(pg: Pg): Promise<string[]> {
  const { rows } = await pg.query<{ line: string }>(PARTS)
  return rows.map(({ line }) => normalise(line))
}

/** Different spellings of the same thing. */
const normalise = (line: string) =>
  line
    .replace(/ default now\(\)$/, ' default CURRENT_TIMESTAMP')
    .replace(/ default ARRAY\[\]::/, " default '{}'::")
    .replace('timestamp(6) ', 'timestamp ')
    // Nulls are distinct.
    .replace(/^(CREATE UNIQUE INDEX .* \((\w+)\)) WHERE \(\2 IS NOT NULL\)$/, '$1')

const PARTS = `
  with tables as (
    select oid, relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> '_prisma_migrations'
  )
  select format('column %s.%s %s', relname, attname,
      concat_ws(' ', format_type(atttypid, atttypmod), case when attnotnull and attndims = 0 then 'not null' end,
        case when attgenerated = '' then 'default ' || pg_get_expr(adbin, adrelid) end)) as line
    from tables
    join pg_attribute on attrelid = tables.oid and attnum > 0 and not attisdropped
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
  union all
  select format('generated %s.%s %s', relname, attname, pg_get_expr(adbin, adrelid))
    from tables
    join pg_attribute on attrelid = tables.oid and attgenerated <> ''
    join pg_attrdef on adrelid = attrelid and adnum = attnum
  union all
  select format('constraint %s.%s %s', relname, conname, pg_get_constraintdef(c.oid))
    from tables join pg_constraint c on conrelid = tables.oid
    where contype <> 'n'
  union all
  select pg_get_indexdef(indexrelid) from tables join pg_index on indrelid = tables.oid
  union all
  select format('type %s %s', typname, string_agg(enumlabel, ', ' order by enumsortorder))
    from pg_type join pg_enum on enumtypid = pg_type.oid group by typname
  union all
  select pg_get_triggerdef(t.oid) from tables join pg_trigger t on tgrelid = tables.oid where not tgisinternal
  union all
  select format('function %s', proname)
    from pg_proc where pronamespace = 'public'::regnamespace and not exists (
      select from pg_depend where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e')
  order by 1`
