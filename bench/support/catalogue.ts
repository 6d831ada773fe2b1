import { type Preset, RENDERER_VERSION } from '../../src/core/variant.ts'
import type { Pg } from '../../src/db/database.ts'

/** Proportions like those of a marketplace's catalogue. */
export const ITEMS_PER_SET = 500
const SETS_PER_FAMILY = 4
const FAMILIES_PER_VENDOR = 5
/** One in this many sets has no pictures yet. */
export const SETS_PER_NEW_SET = 10

const TABLES = ['vendor', 'family', 'icon_set', 'item', 'image', 'render_failure']

/**
 * Grows a synthetic catalogue from `from` to `to` items: rows only, no files. Nine of ten sets have their pictures of one preset, one
 * item in a hundred an older one, one in a thousand a failure. Indexes are created after the rows.
 */
export async function growCatalogue(pg: Pg, preset: Preset, { from, to }: { from: number; to: number }): Promise<void> {
  const client = await pg.connect()
  try {
    await client.query(`set synchronous_commit = off; set maintenance_work_mem = '1GB'; set work_mem = '256MB'`)
    // Without triggers: coverage is counted afterwards. Foreign keys stay, which only a superuser can switch off.
    for (const table of TABLES) await client.query(`alter table "${table}" disable trigger user`)
    const { rows: indexes } = await client.query<{ indexname: string; indexdef: string }>(
      `select indexname, indexdef from pg_indexes where tablename in ('item', 'image') and indexname not like '%_pkey'`,
    )
    for (const { indexname } of indexes) await client.query(`drop index "${indexname}"`)
    for (const sql of [VENDORS, FAMILIES, ICON_SETS, ITEMS]) await client.query(sql(from, to))
    await client.query(IMAGES(from, to, preset))
    await client.query(FAILURES(from, to))
    for (const { indexdef } of indexes) await client.query(indexdef)
    for (const table of TABLES) await client.query(`alter table "${table}" enable trigger user`)
    for (const table of ['vendor', 'family', 'icon_set', 'item'])
      await client.query(`select setval('${table}_id_seq', (select max(id) from "${table}"))`)
    await client.query('vacuum (analyze)')
    await client.query('insert into coverage_change (icon_set_id) select id from icon_set where id > $1', [
      from / ITEMS_PER_SET,
    ])
  } finally {
    client.release(true)
  }
}

const series = (from: number, to: number, each: number) => `generate_series(${from / each + 1}, ${to / each}) as g`
const ITEMS_PER_FAMILY = ITEMS_PER_SET * SETS_PER_FAMILY
export const ITEMS_PER_VENDOR = ITEMS_PER_FAMILY * FAMILIES_PER_VENDOR
const uniqueId = (letter: string, number: string) => `'${letter}' || lpad((${number})::text, 11, '0')`
const familyOf = (set: string) => `(${set} - 1) / ${SETS_PER_FAMILY} + 1`
const vendorOf = (set: string) => `(${set} - 1) / ${SETS_PER_FAMILY * FAMILIES_PER_VENDOR} + 1`
const hash = (text: string) => `md5(${text}) || md5(${text} || '+')`

const VENDORS = (from: number, to: number) =>
  `insert into vendor (id, username, name) select g, 'vendor-' || g, 'Vendor ' || g from ${series(from, to, ITEMS_PER_VENDOR)}`
const FAMILIES = (from: number, to: number) =>
  `insert into family (id, unique_id, name, vendor_id) select g, ${uniqueId('F', 'g')}, 'Family ' || g, (g - 1) / ${FAMILIES_PER_VENDOR} + 1
   from ${series(from, to, ITEMS_PER_FAMILY)}`
const ICON_SETS = (from: number, to: number) =>
  `insert into icon_set (id, unique_id, name, kind, family_id, vendor_id)
   select g, ${uniqueId('S', 'g')}, 'Set ' || g, 'ICON', ${familyOf('g')}, ${vendorOf('g')} from ${series(from, to, ITEMS_PER_SET)}`
const ITEMS = (from: number, to: number) =>
  `insert into item (id, unique_id, slug, name, kind, icon_set_id, family_id, vendor_id, source_key, source_hash, width, height)
   select g, ${uniqueId('I', 'g')}, 'icon-' || g, 'Icon ' || g, 'ICON', s, ${familyOf('s')}, ${vendorOf('s')},
     'vendor-' || ${vendorOf('s')} || '/icons/' || ${uniqueId('F', familyOf('s'))} || '/' || ${uniqueId('S', 's')} || '/icon-' || g || '.svg',
     ${hash('g::text')}, 24, 24
   from (select g, (g - 1) / ${ITEMS_PER_SET} + 1 as s from ${series(from, to, 1)}) as t`
const IMAGES = (from: number, to: number, preset: Preset) =>
  `insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, width, height, bytes, md5, lossless, engine)
   select 'ITEM', id, '${preset.name}', 'WEBP', case when id % 100 = 0 then 'adopted' else '${preset.recipeHash}' end, source_hash,
     left(source_key, -4) || '-${preset.name}.' || left(md5(source_hash), 16) || '.webp', ${preset.width}, ${preset.height},
     2000 + id % 3000, md5(source_hash), true, 'resvg'
   from item where id > ${from} and id <= ${to} and icon_set_id % ${SETS_PER_NEW_SET} <> 0`
const FAILURES = (from: number, to: number) =>
  `insert into render_failure (item_id, source_hash, renderer_version, code, message, settled)
   select id, source_hash, '${RENDERER_VERSION}', 'NOT_SVG', 'The bytes are not an SVG document.', true
   from item where id > ${from} and id <= ${to} and id % 1000 = 7 and icon_set_id % ${SETS_PER_NEW_SET} = 0`
