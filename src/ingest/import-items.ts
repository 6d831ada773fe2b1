import type { Pg } from '../catalogue/database.ts'
import { type CatalogueItem, upsertItems } from '../catalogue/upsert-items.ts'
import { AppError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { hashSource, printSourceKey } from '../variant.ts'
import { inspectSvg } from './inspect-svg.ts'

/** An SVG on its way into the catalogue. */
export interface Entry extends Pick<CatalogueItem, 'vendor' | 'family' | 'iconSet' | 'slug' | 'name'> {
  /** For messages: a file's path or an icon's name. */
  readonly from: string
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

/** Why an entry was not written although it is well-formed. */
export const FOREIGN = 'BAD_INPUT: its family or set belongs to another vendor, family or kind'

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

type Row = CatalogueItem & Pick<Entry, 'from' | 'bytes'>

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
  const written = await upsertItems(pg, news)
  for (const row of news) {
    if (!written.has(row.sourceKey)) report.refused.push({ from: row.from, reason: FOREIGN })
    else if (known.has(row.sourceKey)) report.changed++
    else report.added++
  }
  report.unchanged += rows.size - news.length
}

function toRow(entry: Entry): Row {
  const { vendor, family, iconSet, slug, bytes } = entry
  const path = { vendor: vendor.username, kind: iconSet.kind, family: family.uniqueId, iconSet: iconSet.uniqueId, slug }
  return { ...entry, sourceKey: printSourceKey(path), sourceHash: hashSource(bytes), ...inspectSvg(bytes) }
}

/** A known original is only looked for, so that one which was lost comes back. */
async function putOriginals(originals: Store, rows: Iterable<Row>, isKnown: (row: Row) => boolean): Promise<void> {
  const queue = [...rows]
  const lane = async () => {
    for (let row = queue.pop(); row; row = queue.pop()) {
      if (isKnown(row) && (await originals.head(row.sourceKey))) continue
      await originals.put(row.sourceKey, row.bytes, {
        contentType: 'image/svg+xml',
        replace: true,
        durable: true,
      })
    }
  }
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, lane))
}
