import { type CatalogueItem, describeItems, upsertItems } from '../catalogue/upsert-items.ts'
import { AppError } from '../core/errors.ts'
import { mapConcurrent } from '../core/map-concurrent.ts'
import { hashSource, printSourceKey } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { anyOf, fetchAll, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { cancelDeletion } from '../retention/discarded.ts'
import { indexItems } from '../search/index-items.ts'
import type { Store } from '../store/store.ts'
import { inspectSvg } from './inspect-svg.ts'

/** An SVG to be imported. */
export interface Entry extends Pick<CatalogueItem, 'vendor' | 'family' | 'iconSet' | 'slug' | 'name' | 'facts'> {
  /** For messages: a file's path or an icon's name. */
  readonly from: string
  readonly bytes: Uint8Array
}

/** Something that was refused, with the reason; the rest is imported. */
export interface Refusal {
  readonly from: string
  readonly reason: string
}

export interface ImportReport {
  added: number
  changed: number
  unchanged: number
  /** Total number of refusals; `refused` holds the first of them. */
  refusals: number
  readonly refused: Refusal[]
}

export const emptyReport = (): ImportReport => ({ added: 0, changed: 0, unchanged: 0, refusals: 0, refused: [] })

/** A source can have millions of invalid names; the first ones show why. */
const REFUSALS_KEPT = 1000

/** Counts a refusal, and keeps the first ones. */
export function refuse(report: ImportReport, refusal: Refusal): void {
  report.refusals++
  if (report.refused.length < REFUSALS_KEPT) report.refused.push(refusal)
}

/** Why a well-formed entry was not written. */
export const FOREIGN = 'BAD_INPUT: its family or set belongs to another vendor, family or kind'

/** A batch ends at whichever limit is reached first: many small files cost one round trip and one sync, large ones little memory. */
const BATCH = { items: 2000, bytes: 8_000_000 }
const CHECKS_AT_ONCE = 16

/**
 * Imports entries into the catalogue: originals first, then rows, batch by batch, so a crash leaves no row without its original. The same
 * entries again change nothing; other bytes under a known key are a new source.
 */
export async function importItems(
  { pg, originals }: { pg: Pg; originals: Store },
  entries: AsyncIterable<Entry | Refusal> | Iterable<Entry | Refusal>,
  onBatch: (report: ImportReport) => void = () => {},
): Promise<ImportReport> {
  const report = emptyReport()
  let batch: Entry[] = []
  let bytes = 0
  const flush = async () => {
    await importBatch({ pg, originals }, batch, report)
    batch = []
    bytes = 0
    onBatch(report)
  }
  for await (const entry of entries) {
    if ('reason' in entry) refuse(report, entry)
    else {
      batch.push(entry)
      bytes += entry.bytes.length
    }
    if (batch.length >= BATCH.items || bytes >= BATCH.bytes) await flush()
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
      refuse(report, { from: entry.from, reason: `${error.code}: ${error.message}` })
    }
  }
  const found = await fetchAll(
    pg,
    query
      .selectFrom('item')
      .select(['source_key', 'source_hash', (eb) => eb.fn.coalesce('original_key', 'source_key').as('original_key')])
      .where('source_key', '=', anyOf([...rows.keys()])),
  )
  const known = new Map(found.map((row) => [row.source_key, row]))
  const { changed = [], unchanged = [] } = Object.groupBy(rows.values(), (row) =>
    known.get(row.sourceKey)?.source_hash === row.sourceHash ? 'unchanged' : 'changed',
  )
  const newKeys = changed.map((row) => row.sourceKey)
  await cancelDeletion(pg, 'ORIGINALS', newKeys)
  const lost = await putOriginals(originals, {
    changed: changed.map(({ sourceKey: key, bytes }) => ({ key, bytes })),
    unchanged: unchanged.map(({ sourceKey, bytes }) => ({
      sourceKey,
      key: known.get(sourceKey)?.original_key ?? sourceKey,
      bytes,
    })),
  })
  if (lost.length > 0) await FORGET_LOST.run(pg, { sourceKeys: lost.map(({ sourceKey }) => sourceKey) })
  const written = await upsertItems(pg, changed)
  for (const row of changed) {
    if (!written.has(row.sourceKey)) refuse(report, { from: row.from, reason: FOREIGN })
    else if (known.has(row.sourceKey)) report.changed++
    else report.added++
  }
  report.unchanged += rows.size - changed.length
  await describeItems(pg, [...rows.values()])
  await indexItems(pg)
}

function toRow(entry: Entry): Row {
  const { vendor, family, iconSet, slug, bytes } = entry
  const path = { vendor: vendor.username, kind: iconSet.kind, family: family.uniqueId, iconSet: iconSet.uniqueId, slug }
  return { ...entry, sourceKey: printSourceKey(path), sourceHash: hashSource(bytes), ...inspectSvg(bytes) }
}

interface Original {
  readonly key: string
  readonly bytes: Uint8Array
}

/** For a known original only its existence is checked, so that a lost one is stored again; returns those. */
async function putOriginals<Known extends Original>(
  originals: Store,
  { changed, unchanged }: { changed: readonly Original[]; unchanged: readonly Known[] },
): Promise<Known[]> {
  const lost: Known[] = []
  await mapConcurrent(unchanged, CHECKS_AT_ONCE, async (original) => {
    if (!(await originals.head(original.key))) lost.push(original)
  })
  await originals.putAll([...changed, ...lost], { contentType: 'image/svg+xml' })
  return lost
}

/** Their pictures could not be made meanwhile. */
const FORGET_LOST = statement({
  name: 'forget-failures-of-lost-originals',
  text: `
    delete from render_failure r using item i
    where i.source_key = any(:sourceKeys) and r.item_id = i.id and r.source_hash = i.source_hash
      and r.code = 'SOURCE_MISSING'`,
  parameters: { sourceKeys: 'text[]' },
})
