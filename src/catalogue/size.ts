import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

export interface CatalogueSize {
  readonly vendors: number
  readonly items: number
  /** Recorded pictures of items and families. */
  readonly images: number
}

/** Counting more rows takes too long for a page that is read every few seconds. */
const COUNTED_MAX = 50_000

/** Exact up to 50,000 rows of each kind; above that an estimate from the size of the table, usually within a few percent. */
export async function readSize(pg: Pg): Promise<CatalogueSize> {
  const row = await READ_SIZE.get(pg, { max: COUNTED_MAX })
  const size = (counted: number, estimate: number) =>
    counted < COUNTED_MAX ? counted : Math.max(counted, Math.round(estimate))
  return {
    vendors: row?.vendors ?? 0,
    items: size(row?.items ?? 0, row?.items_estimate ?? 0),
    images: size(row?.images ?? 0, row?.images_estimate ?? 0),
  }
}

/** SQL: rows of a table as the planner estimates them: those of a page when it was last analysed, times its present pages. */
const ESTIMATE = (table: string) => `(
  select coalesce(reltuples / nullif(relpages, 0) * pg_relation_size(oid) / current_setting('block_size')::float8, 0)::float8
  from pg_class where oid = '${table}'::regclass)`

const READ_SIZE = statement({
  name: 'read-catalogue-size',
  text: `
    select (select count(*)::int from vendor) as vendors,
           (select count(*)::int from (select from item limit :max) as i) as items, ${ESTIMATE('item')} as items_estimate,
           (select count(*)::int from (select from image limit :max) as m) as images, ${ESTIMATE('image')} as images_estimate`,
  parameters: { max: 'int8' },
  columns: { vendors: 'int4', items: 'int4', items_estimate: 'float8', images: 'int4', images_estimate: 'float8' },
})
