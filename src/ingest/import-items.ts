import type { Pg } from '../catalogue/database.ts'
import { AppError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { hashSource, type ItemKind, printSourceKey, type SourcePath, uniqueIdOf } from '../variant.ts'
import { inspectSvg } from './inspect-svg.ts'

/** An SVG on its way into the catalogue. */
export interface Entry {
  /** For messages: a file's path or an icon's name. */
  readonly from: string
  readonly vendor: { readonly username: string; readonly name: string }
  readonly family: { readonly uniqueId: string; readonly name: string }
  readonly iconSet: { readonly uniqueId: string; readonly name: string; readonly kind: ItemKind }
  readonly slug: string
  readonly name: string
  readonly bytes: Uint8Array
}

/** Something that is not taken, with the reason; the rest goes on. */
export interface Refusal {
  readonly from: string
  readonly reason: string
}

export interface ImportReport {
  added: number
  changed: number
  unchanged: number
  readonly refused: Refusal[]
}

const BATCH = 500
const PUTS_AT_ONCE = 16

/**
 * Brings entries into the catalogue: originals first, then rows, batch by batch, so a crash leaves no row without its
 * original. The same entries again change nothing; other bytes under a known key are a new source.
 */
export async function importItems(
  { pg, originals }: { pg: Pg; originals: Store },
  entries: AsyncIterable<Entry | Refusal> | Iterable<Entry | Refusal>,
  onBatch: (report: ImportReport) => void = () => {},
): Promise<ImportReport> {
  const report: ImportReport = { added: 0, changed: 0, unchanged: 0, refused: [] }
  let batch: Entry[] = []
  const flush = async () => {
    await importBatch({ pg, originals }, batch, report)
    batch = []
    onBatch(report)
  }
  for await (const entry of entries) {
    if ('reason' in entry) report.refused.push(entry)
    else batch.push(entry)
    if (batch.length >= BATCH) await flush()
  }
  if (batch.length > 0) await flush()
  return report
}

interface Row {
  readonly entry: Entry
  readonly path: SourcePath
  readonly sourceKey: string
  readonly sourceHash: string
  readonly width: number | null
  readonly height: number | null
}

async function importBatch(
  { pg, originals }: { pg: Pg; originals: Store },
  batch: readonly Entry[],
  report: ImportReport,
): Promise<void> {
  const rows = new Map<string, Row>()
  for (const entry of batch) {
    try {
      const row = toRow(entry)
      rows.set(row.sourceKey, row)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      report.refused.push({ from: entry.from, reason: `${error.code}: ${error.message}` })
    }
  }
  const found = await pg.query<{ source_key: string; source_hash: string }>(
    'select source_key, source_hash from item where source_key = any($1)',
    [[...rows.keys()]],
  )
  const known = new Map(found.rows.map((row) => [row.source_key, row.source_hash]))
  const news = [...rows.values()].filter((row) => known.get(row.sourceKey) !== row.sourceHash)
  await putOriginals(originals, rows.values(), (row) => known.get(row.sourceKey) === row.sourceHash)
  const written = news.length > 0 ? await upsert(pg, news) : new Set<string>()
  for (const row of news) {
    if (!written.has(row.sourceKey))
      report.refused.push({
        from: row.entry.from,
        reason: 'BAD_INPUT: its family or set belongs to another vendor, family or kind',
      })
    else if (known.has(row.sourceKey)) report.changed++
    else report.added++
  }
  report.unchanged += rows.size - news.length
}

function toRow(entry: Entry): Row {
  const { vendor, family, iconSet, slug } = entry
  const path = { vendor: vendor.username, kind: iconSet.kind, family: family.uniqueId, iconSet: iconSet.uniqueId, slug }
  return {
    entry,
    path,
    sourceKey: printSourceKey(path),
    sourceHash: hashSource(entry.bytes),
    ...inspectSvg(entry.bytes),
  }
}

/** A known original is only looked for, so that one which was lost comes back. */
async function putOriginals(originals: Store, rows: Iterable<Row>, isKnown: (row: Row) => boolean): Promise<void> {
  const queue = [...rows]
  const lane = async () => {
    for (let row = queue.pop(); row; row = queue.pop()) {
      if (isKnown(row) && (await originals.head(row.sourceKey))) continue
      await originals.put(row.sourceKey, row.entry.bytes, {
        contentType: 'image/svg+xml',
        replace: true,
        durable: true,
      })
    }
  }
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, lane))
}

/** Vendors, families, sets and items in one statement each. Returns the source keys of the items that were written. */
async function upsert(pg: Pg, rows: readonly Row[]): Promise<Set<string>> {
  const column = (pick: (row: Row) => unknown) => rows.map(pick)
  await pg.query(
    `insert into vendor (username, name) select distinct on (u) u, n from unnest($1::text[], $2::text[]) as t(u, n)
     on conflict (username) do nothing`,
    [column((row) => row.entry.vendor.username), column((row) => row.entry.vendor.name)],
  )
  await pg.query(
    `insert into family (unique_id, name, vendor_id)
     select distinct on (t.id) t.id, t.name, v.id from unnest($1::text[], $2::text[], $3::text[]) as t(id, name, vendor)
     join vendor v on v.username = t.vendor on conflict (unique_id) do nothing`,
    [
      column((row) => row.entry.family.uniqueId),
      column((row) => row.entry.family.name),
      column((row) => row.entry.vendor.username),
    ],
  )
  await pg.query(
    `insert into icon_set (unique_id, name, kind, family_id, vendor_id)
     select distinct on (t.id) t.id, t.name, t.kind, f.id, f.vendor_id
     from unnest($1::text[], $2::text[], $3::item_kind[], $4::text[]) as t(id, name, kind, family)
     join family f on f.unique_id = t.family on conflict (unique_id) do nothing`,
    [
      column((row) => row.entry.iconSet.uniqueId),
      column((row) => row.entry.iconSet.name),
      column((row) => row.entry.iconSet.kind),
      column((row) => row.entry.family.uniqueId),
    ],
  )
  const items = await pg.query<{ source_key: string }>(UPSERT_ITEMS, [
    column((row) => uniqueIdOf(row.sourceKey)),
    column((row) => row.entry.slug),
    column((row) => row.entry.name),
    column((row) => row.path.iconSet),
    column((row) => row.sourceKey),
    column((row) => row.sourceHash),
    column((row) => row.width),
    column((row) => row.height),
    column((row) => row.path.kind),
    column((row) => row.path.family),
    column((row) => row.path.vendor),
  ])
  return new Set(items.rows.map((row) => row.source_key))
}

// A key whose family or set is another vendor's finds no set to join.
// The earlier fingerprint is kept: URLs issued for it redirect to the current picture.
const UPSERT_ITEMS = `
  insert into item (unique_id, slug, name, kind, icon_set_id, family_id, vendor_id, source_key, source_hash, width, height)
  select t.id, t.slug, t.name, s.kind, s.id, s.family_id, s.vendor_id, t.source_key, t.source_hash, t.width, t.height
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::float8[],
              $9::item_kind[], $10::text[], $11::text[])
    as t(id, slug, name, icon_set, source_key, source_hash, width, height, kind, family, vendor)
  join icon_set s on s.unique_id = t.icon_set and s.kind = t.kind
  join family f on f.id = s.family_id and f.unique_id = t.family
  join vendor v on v.id = f.vendor_id and v.username = t.vendor
  on conflict (source_key) do update set
    name = excluded.name, width = excluded.width, height = excluded.height, updated_at = now(),
    previous_source_hashes = (array_prepend(item.source_hash, array_remove(item.previous_source_hashes, excluded.source_hash)))[1:4],
    source_hash = excluded.source_hash, thumb_hash = null, dominant_color = null
  where item.source_hash <> excluded.source_hash
  returning source_key`
