import { type CatalogueItem, upsertItems } from '../catalogue/upsert-items.ts'
import { SOURCE_BYTES_MAX } from '../core/limits.ts'
import {
  hashListed,
  isCompositeKey,
  isListedHash,
  parseOriginalKey,
  parseSourceKey,
  parseUploadKey,
  parseVariantKey,
} from '../core/variant.ts'
import { isReservedKey } from '../core/visibility.ts'
import type { Pg } from '../db/database.ts'
import { anyOf, execute, fetchAll, fetchFirst, now, query } from '../db/query.ts'
import { cancelDeletion } from '../retention/discarded.ts'
import type { Listed, Store } from '../store/store.ts'
import { describePath, LAYOUT } from './directory.ts'
import { emptyReport, FOREIGN, type ImportReport, type Refusal, refuse } from './import-items.ts'

export interface BucketReport extends ImportReport {
  /** Composites of families and pictures of items among the originals: ignored. */
  pictures: number
  /** Where an interrupted import had stopped; null if this one started at the beginning. */
  readonly resumedAfter: string | null
}

/** Rows of one batch: a page of the listing, so that the next page is fetched while this one is written. */
const BATCH = 1000

/**
 * Registers the originals that are already in the originals store by its listing alone: nothing is downloaded, so the fingerprint is the
 * listing's ETag and size. An interrupted import continues after the last written batch. The same listing again changes nothing; items
 * from uploads and items whose bytes we wrote ourselves are unchanged.
 * @param options.prefix only keys that begin with it
 */
export async function importBucket(
  { pg, originals }: { pg: Pg; originals: Store },
  { prefix, onBatch = () => {} }: { prefix: string; onBatch?: (report: BucketReport) => void },
): Promise<BucketReport> {
  const source = `${originals.name}/${prefix}`
  const resumedAfter = await readCursor(pg, source)
  const report: BucketReport = { ...emptyReport(), pictures: 0, resumedAfter }
  let batch: CatalogueItem[] = []
  let lastKey = ''
  const flush = async () => {
    await writeBatch(pg, batch, report)
    await writeCursor(pg, { source, afterKey: lastKey })
    batch = []
    onBatch(report)
  }
  for await (const object of originals.list(prefix, { after: resumedAfter ?? '' })) {
    if (parseOriginalKey(object.key) || parseUploadKey(object.key) !== null || isReservedKey(object.key)) continue
    const found = toItem(object)
    if (found === 'picture') report.pictures++
    else if ('reason' in found) refuse(report, found)
    else batch.push(found)
    lastKey = object.key
    if (batch.length >= BATCH) await flush()
  }
  await flush()
  await execute(pg, query.deleteFrom('import_cursor').where('source', '=', source))
  return report
}

function toItem({ key, bytes, etag }: Listed): CatalogueItem | Refusal | 'picture' {
  const path = parseSourceKey(key)
  if (!path) return isCompositeKey(key) || parseVariantKey(key) ? 'picture' : { from: key, reason: LAYOUT }
  if (bytes === 0) return { from: key, reason: 'EMPTY: The file has no bytes.' }
  if (bytes > SOURCE_BYTES_MAX)
    return { from: key, reason: `TOO_LARGE: The file has ${bytes} bytes; at most ${SOURCE_BYTES_MAX} are allowed.` }
  const sourceHash = hashListed({ bytes, etag: etag ?? '' })
  return { ...describePath(path), sourceKey: key, sourceHash, width: null, height: null }
}

async function writeBatch(pg: Pg, batch: readonly CatalogueItem[], report: BucketReport): Promise<void> {
  const sourceKeys = batch.map((item) => item.sourceKey)
  const rows = await fetchAll(
    pg,
    query.selectFrom('item').select(['source_key', 'source_hash']).where('source_key', '=', anyOf(sourceKeys)),
  )
  const known = new Map(rows.map((row) => [row.source_key, row.source_hash]))
  const isSame = ({ sourceKey, sourceHash }: CatalogueItem) => {
    const hash = known.get(sourceKey)
    return hash !== undefined && (hash === sourceHash || !isListedHash(hash))
  }
  const changed = batch.filter((item) => !isSame(item))
  const newKeys = changed.map((item) => item.sourceKey)
  await cancelDeletion(pg, 'ORIGINALS', newKeys)
  const written = await upsertItems(pg, changed)
  for (const { sourceKey } of changed) {
    if (!written.has(sourceKey)) refuse(report, { from: sourceKey, reason: FOREIGN })
    else if (known.has(sourceKey)) report.changed++
    else report.added++
  }
  report.unchanged += batch.length - changed.length
}

async function readCursor(pg: Pg, source: string): Promise<string | null> {
  const cursor = query.selectFrom('import_cursor').select('after_key').where('source', '=', source)
  return (await fetchFirst(pg, cursor))?.after_key ?? null
}

async function writeCursor(pg: Pg, { source, afterKey }: { source: string; afterKey: string }): Promise<void> {
  const cursor = query.insertInto('import_cursor').values({ source, after_key: afterKey })
  const moved = cursor.onConflict((known) =>
    known.column('source').doUpdateSet({ after_key: afterKey, updated_at: now }),
  )
  await execute(pg, moved)
}
