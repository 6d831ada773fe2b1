import { TAKEN_DOWN } from '../catalogue/taken-down.ts'
import { IS_PRIVATE } from '../catalogue/visibility.ts'
import { mapConcurrent } from '../core/map-concurrent.ts'
import { type Presets, parseVariantKey, printSourceKey, type VariantPath } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { Store } from '../store/store.ts'
import { readWebpHeader, WEBP_HEADER_BYTES, type WebpHeader } from './webp-header.ts'

export interface AdoptReport {
  adopted: number
  /** Already recorded. */
  known: number
  /** Belongs to no item of the catalogue. */
  orphans: number
  /** Not the picture that its key states; `broken` holds the first of them. */
  brokenCount: number
  readonly broken: { readonly key: string; readonly found: string }[]
  /** Presets whose pictures must be made after all. */
  readonly brokenPresets: Set<string>
}

/** Not a real recipe hash: an adopted picture counts as made with an older recipe, so mode STALE makes it again. */
const ADOPTED = 'adopted'
const HEADER = { range: { from: 0, to: WEBP_HEADER_BYTES } }
const BATCH = 1000
const READS_AT_ONCE = 32
const BROKEN_KEPT = 1000
/** How much of an invalid object is shown. */
const SHOWN_BYTES = 30

interface Candidate {
  readonly key: string
  readonly path: VariantPath
  readonly bytes: number
  readonly etag: string
}

/**
 * Registers pictures that are in the previews store under names without a version, `{stem}-{preset}.webp`, as images of an older recipe,
 * after checking their first bytes. Pictures that are not WebP or truncated are reported and not registered, so that a backfill makes
 * them.
 * @param options.deleteBroken also deletes them from the store, so that their address leads to the new picture
 */
export async function adoptVariants(
  { pg, previews, presets }: { pg: Pg; previews: Store; presets: Presets },
  options: { prefix: string; deleteBroken?: boolean; onBatch?: (report: AdoptReport) => void },
): Promise<AdoptReport> {
  const report: AdoptReport = { adopted: 0, known: 0, orphans: 0, brokenCount: 0, broken: [], brokenPresets: new Set() }
  let batch: Candidate[] = []
  const flush = async () => {
    await adoptBatch({ pg, previews }, batch, { report, deleteBroken: options.deleteBroken ?? false })
    batch = []
    options.onBatch?.(report)
  }
  for await (const { key, bytes, etag } of previews.list(options.prefix)) {
    const path = parseVariantKey(key)
    if (path?.version !== null || path.format !== 'WEBP' || !presets.has(path.preset)) continue
    batch.push({ key, path, bytes, etag: etag ?? '' })
    if (batch.length >= BATCH) await flush()
  }
  if (batch.length > 0) await flush()
  return report
}

async function adoptBatch(
  { pg, previews }: { pg: Pg; previews: Store },
  batch: readonly Candidate[],
  { report, deleteBroken }: { report: AdoptReport; deleteBroken: boolean },
): Promise<void> {
  const rows = await FIND_KNOWN.all(pg, {
    sourceKeys: batch.map(({ path }) => printSourceKey(path)),
    objectKeys: batch.map(({ key }) => key),
  })
  const images: (Candidate & WebpHeader & { itemId: number; sourceHash: string })[] = []
  const broken: string[] = []
  const candidates = batch.map((candidate, index) => ({ candidate, row: rows[index] }))
  await mapConcurrent(candidates, READS_AT_ONCE, async ({ candidate, row }) => {
    if (row?.known) report.known++
    else if (!row?.id || row.source_hash === null) report.orphans++
    else {
      const start = (await previews.get(candidate.key, HEADER)) ?? Buffer.alloc(0)
      const header = readWebpHeader(start)
      if (header?.bytes === candidate.bytes)
        images.push({ ...candidate, ...header, itemId: row.id, sourceHash: row.source_hash })
      else {
        broken.push(candidate.key)
        report.brokenPresets.add(candidate.path.preset)
        report.brokenCount++
        if (report.broken.length < BROKEN_KEPT)
          report.broken.push({ key: candidate.key, found: describe(header, start, candidate) })
      }
    }
  })
  report.adopted += await INSERT_ADOPTED.run(pg, {
    itemIds: images.map((image) => image.itemId),
    presets: images.map((image) => image.path.preset),
    sourceHashes: images.map((image) => image.sourceHash),
    keys: images.map((image) => image.key),
    widths: images.map((image) => image.width),
    heights: images.map((image) => image.height),
    bytes: images.map((image) => image.bytes),
    etags: images.map((image) => image.etag),
    lossless: images.map((image) => image.lossless),
    adopted: ADOPTED,
  })
  if (deleteBroken) await previews.delete(broken)
}

function describe(header: WebpHeader | null, start: Buffer, { bytes }: Candidate): string {
  if (header) return `a WebP of ${header.bytes} bytes, truncated to ${bytes}`
  return start.length === 0 ? 'nothing' : JSON.stringify(start.toString('latin1', 0, SHOWN_BYTES))
}

const FIND_KNOWN = statement({
  name: 'find-known-variants',
  text: `
    select i.id, i.source_hash, m.id is not null as known
    from unnest(:sourceKeys::text[], :objectKeys::text[]) with ordinality as t(source_key, object_key, n)
    left join item i on i.source_key = t.source_key and not ${TAKEN_DOWN('i')} and not ${IS_PRIVATE('i')}
    left join image m on m.object_key = t.object_key order by n`,
  parameters: { sourceKeys: 'text[]', objectKeys: 'text[]' },
  columns: { id: 'int4?', source_hash: 'text?', known: 'bool' },
})

const INSERT_ADOPTED = statement({
  name: 'insert-adopted',
  text: `
    insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, width, height, bytes, md5, lossless, engine)
    select 'ITEM', t.owner_id, t.preset, 'WEBP', :adopted, t.source_hash, t.object_key, t.width, t.height, t.bytes, t.md5, t.lossless, :adopted
    from unnest(:itemIds::int[], :presets::text[], :sourceHashes::text[], :keys::text[], :widths::int[], :heights::int[], :bytes::int[], :etags::text[], :lossless::boolean[])
      as t(owner_id, preset, source_hash, object_key, width, height, bytes, md5, lossless)
    on conflict do nothing`,
  parameters: {
    itemIds: 'int4[]',
    presets: 'text[]',
    sourceHashes: 'text[]',
    keys: 'text[]',
    widths: 'int4[]',
    heights: 'int4[]',
    bytes: 'int4[]',
    etags: 'text[]',
    lossless: 'bool[]',
    adopted: 'text',
  },
})
