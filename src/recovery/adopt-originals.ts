import { type CatalogueItem, upsertItems } from '../catalogue/upsert-items.ts'
import { AppError } from '../core/errors.ts'
import { SOURCE_BYTES_MAX } from '../core/limits.ts'
import { mapConcurrent } from '../core/map-concurrent.ts'
import {
  hashListed,
  hashSource,
  isListedHash,
  parseOriginalKey,
  parseSourceKey,
  parseVariantKey,
  printSourceKey,
  type SourcePath,
  variantPrefixOf,
} from '../core/variant.ts'
import { secretOf, type UrlSecret } from '../core/version.ts'
import { isReservedKey, PRIVATE_PREFIX, withoutPlace } from '../core/visibility.ts'
import type { Pg } from '../db/database.ts'
import { anyOf, fetchAll, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { describePath } from '../import/directory.ts'
import { type ImportReport, refuse } from '../import/import-items.ts'
import { inspectSvg } from '../import/inspect-svg.ts'
import { discardObjects } from '../retention/discarded.ts'
import type { Stores } from '../store/open.ts'
import type { Listed } from '../store/store.ts'
import type { Recipes } from './recipes.ts'

/** Objects of one batch, and reads at the same time. */
const BATCH = 1000
const READS_AT_ONCE = 16
/** By how much the clocks of the store and the database may differ. */
const CLOCKS_MS = 300_000
/** How long an original that is not current is kept. */
const KEPT_S = 30 * 86_400

export interface AdoptDeps {
  readonly pg: Pg
  readonly stores: Pick<Stores, 'originals' | 'previews'>
  readonly urlSecrets: readonly UrlSecret[]
  readonly recipes: Recipes
}

/** The originals of one item: one that an import wrote, and those of uploads. */
interface Versions {
  readonly path: SourcePath
  readonly objects: [Listed, ...Listed[]]
}

/**
 * Adds the items of originals that are not in the catalogue, and changes those whose original is newer than the snapshot, the latest of
 * several being the current one. Only these are read; the others are known by the listing. What is not an SVG is refused.
 * @param options.after where an earlier run has stopped
 * @param options.takenAt when the catalogue was as it is now; null: it is empty
 * @param options.onBatch called with the last key that is done with
 */
export async function adoptOriginals(
  deps: AdoptDeps,
  options: {
    readonly after: string
    readonly takenAt: Date | null
    readonly report: ImportReport
    readonly onBatch: (afterKey: string) => Promise<void>
  },
): Promise<void> {
  let batch: Versions[] = []
  let lastKey = ''
  const flush = async () => {
    await adoptBatch(deps, batch, options)
    batch = []
    await options.onBatch(lastKey)
  }
  // All keys of an item follow each other: `{stem}.` begins no other item's.
  for await (const object of deps.stores.originals.list('', { after: options.after })) {
    const path = isReservedKey(object.key) ? null : (parseSourceKey(object.key) ?? parseOriginalKey(object.key))
    if (!path) continue
    const last = batch.at(-1)
    if (last && printSourceKey(last.path) === printSourceKey(path)) last.objects.push(object)
    else {
      if (batch.length >= BATCH) await flush()
      batch.push({ path, objects: [object] })
    }
    lastKey = object.key
  }
  if (batch.length > 0) await flush()
}

async function adoptBatch(
  deps: AdoptDeps,
  batch: readonly Versions[],
  { takenAt, report }: { takenAt: Date | null; report: ImportReport },
): Promise<void> {
  const { pg } = deps
  const rows = await fetchAll(
    pg,
    query
      .selectFrom('item')
      .select(['source_key', 'original_key', 'source_hash'])
      .where('source_key', '=', anyOf(batch.map(({ path }) => printSourceKey(path)))),
  )
  const known = new Map(rows.map((row) => [row.source_key, row]))
  const found: Found[] = []
  await mapConcurrent(batch, READS_AT_ONCE, async ({ path, objects }) => {
    const sourceKey = printSourceKey(path)
    const row = known.get(sourceKey)
    const latest = objects.reduce((a, b) => (b.modifiedAt > a.modifiedAt ? b : a))
    const isOld = row !== undefined && takenAt !== null && latest.modifiedAt.getTime() < takenAt.getTime() - CLOCKS_MS
    if (isOld || (row && isLikeListed(row.source_hash, latest))) return
    try {
      const source = await readSource(deps, { path, latest, hash: row?.source_hash ?? null })
      if (source.sourceHash === row?.source_hash) return
      const superseded = objects.flatMap(({ key }) => (key === latest.key || key === sourceKey ? [] : [key]))
      found.push({
        ...source,
        originalKey: latest.key === sourceKey ? null : latest.key,
        bytes: latest.bytes,
        superseded,
      })
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'UNAVAILABLE') throw error
      refuse(report, { from: latest.key, reason: `${error.code}: ${error.message}` })
    }
  })
  const written = await upsertItems(pg, found)
  await SET_ORIGINALS.run(pg, {
    sourceKeys: found.map((item) => item.sourceKey),
    sourceHashes: found.map((item) => item.sourceHash),
    originalKeys: found.map((item) => item.originalKey),
    bytes: found.map((item) => item.bytes),
  })
  for (const { sourceKey, superseded } of found) {
    if (known.has(sourceKey)) report.changed++
    else if (written.has(sourceKey)) report.added++
    else
      refuse(report, {
        from: sourceKey,
        reason: 'BAD_INPUT: its family or set belongs to another vendor, family or kind',
      })
    await discardObjects(pg, 'ORIGINALS', { keys: superseded, afterS: KEPT_S })
  }
  report.unchanged += batch.length - found.length
}

interface Found extends CatalogueItem {
  readonly originalKey: string | null
  readonly bytes: number
  readonly superseded: readonly string[]
}

/** Known by its listing alone, and still the same. */
const isLikeListed = (sourceHash: string, { etag, bytes }: Listed): boolean =>
  isListedHash(sourceHash) && hashListed({ etag: etag ?? '', bytes }) === sourceHash

/** Throws EMPTY, TOO_LARGE, UNSUPPORTED or NOT_SVG. */
async function readSource(
  deps: AdoptDeps,
  { path, latest, hash }: { path: SourcePath; latest: Listed; hash: string | null },
): Promise<CatalogueItem> {
  const { key, bytes: size } = latest
  const at = { ...describePath(path), sourceKey: printSourceKey(path) }
  // One that an import has registered by its listing, according to the pictures that were made of it.
  if (hash === null && parseSourceKey(key) && (await isPictured(deps, path, latest)))
    return { ...at, sourceHash: hashListed({ etag: latest.etag ?? '', bytes: size }), width: null, height: null }
  if (size > SOURCE_BYTES_MAX)
    throw new AppError('TOO_LARGE', `The file has ${size} bytes; at most ${SOURCE_BYTES_MAX} are allowed.`)
  const bytes = await deps.stores.originals.get(key)
  if (!bytes) throw new AppError('SOURCE_MISSING', 'The file was deleted meanwhile.')
  const sourceHash = hashSource(bytes)
  const named = parseOriginalKey(key)?.hash
  if (named !== undefined && !sourceHash.startsWith(named))
    throw new AppError('SOURCE_CHANGED', 'The file is not the one that its name states.')
  return { ...at, sourceHash, ...inspectSvg(bytes) }
}

/** Whether there are pictures of this listed original. */
async function isPictured({ stores, urlSecrets, recipes }: AdoptDeps, path: SourcePath, listed: Listed) {
  if (listed.etag === null) return false
  const sourceHash = hashListed({ etag: listed.etag, bytes: listed.bytes })
  for (const place of ['', PRIVATE_PREFIX])
    for await (const { key } of stores.previews.list(place + variantPrefixOf(path))) {
      const found = parseVariantKey(withoutPlace(key))
      if (!found?.version || found.slug !== path.slug) continue
      const pairs = recipes(found.preset).map((recipeHash) => ({ sourceHash, recipeHash }))
      if (secretOf(found.version, urlSecrets, pairs)) return true
    }
  return false
}

const SET_ORIGINALS = statement({
  name: 'set-original-keys',
  text: `
    update item i set original_key = t.original_key, source_bytes = t.bytes
    from unnest(:sourceKeys::text[], :sourceHashes::text[], :originalKeys::text[], :bytes::int[])
      as t(source_key, source_hash, original_key, bytes)
    where i.source_key = t.source_key and i.source_hash = t.source_hash`,
  parameters: { sourceKeys: 'text[]', sourceHashes: 'text[]', originalKeys: 'text?[]', bytes: 'int4[]' },
})
