import { ARCHIVE_LIMITS } from '../archive/limits.ts'
import type { ManifestSet } from '../archive/manifest.ts'
import { mapConcurrent } from '../core/map-concurrent.ts'
import { hashSource, printOriginalKey, printSourceKey, uniqueIdOf } from '../core/variant.ts'
import type { Visibility } from '../core/visibility.ts'
import type { Pg } from '../db/database.ts'
import { anyOf, fetchAll, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { discardObjects } from '../retention/discarded.ts'
import type { Store } from '../store/store.ts'
import type { SvgFacts } from './archive-thread.ts'
import type { InspectedFile, OpenedArchive } from './open-archive.ts'

/** Limits of a batch, which has at least one entry: many small files cost one round trip and one sync, large ones little memory. */
const BATCH = { files: 500, bytes: Math.max(8_000_000, ARCHIVE_LIMITS.entryBytes) }
const CHECKS_AT_ONCE = 16
/** Time limit for staging a set; afterwards its objects may be deleted, and staging starts over. */
const STAGED_S = 86_400

export interface Staging {
  readonly pg: Pg
  readonly originals: Store
  readonly archive: Pick<OpenedArchive, 'read' | 'offsetOf'>
  readonly uploadId: number
  /** Index of the set in the archive. */
  readonly position: number
  readonly set: ManifestSet
  readonly signal: AbortSignal
}

/**
 * Stores the originals of a set under keys that nothing refers to yet, and records the future items, batch by batch. Skips what an
 * earlier run has staged. Returns false if `signal` aborted. Memory: two batches, however many files there are.
 */
export async function stageSet(staging: Staging): Promise<boolean> {
  const { pg, archive, set, uploadId, position, signal } = staging
  const rows = await RENEW.all(pg, { uploadId, position, stagedS: STAGED_S })
  const staged = new Set(rows.map(({ slug }) => slug))
  // A batch is stored while the next one is decompressed. The sources are in two alternating blocks: separate buffers would accumulate
  // until V8 collects garbage, because it only sees their small handles.
  const blocks = [Buffer.allocUnsafeSlow(BATCH.bytes), Buffer.allocUnsafeSlow(BATCH.bytes)] as const
  let storing: Promise<void> = Promise.resolve()
  let batch: StagedFile[] = []
  let [current, bytes] = [0, 0]
  const flush = async () => {
    const full = batch
    batch = []
    bytes = 0
    current = 1 - current
    await storing
    storing = stageBatch(staging, full)
    storing.catch(() => {})
  }
  try {
    const waiting = set.files.filter(({ slug }) => !staged.has(slug))
    for (const file of waiting.sort((a, b) => archive.offsetOf(a.file) - archive.offsetOf(b.file))) {
      if (signal.aborted) break
      const { content, facts } = await archive.read(file.file)
      if (batch.length === BATCH.files || bytes + content.length > BATCH.bytes) await flush()
      const block = blocks[current === 0 ? 0 : 1]
      content.copy(block, bytes)
      batch.push(toStaged(set, file, { facts, content: block.subarray(bytes, bytes + content.length) }))
      bytes += content.length
    }
    if (batch.length > 0) await flush()
  } finally {
    await storing
  }
  return !signal.aborted
}

interface StagedFile extends SvgFacts {
  readonly slug: string
  readonly file: string
  readonly title: string
  readonly tags: readonly string[]
  readonly alt: string | null
  readonly aliases: readonly string[]
  readonly visibility: Visibility | null
  readonly sourceKey: string
  readonly sourceHash: string
  /** Where it will be stored, if it is new. */
  readonly originalKey: string
  readonly content: Buffer
}

function toStaged(
  { vendor, family, iconSet }: ManifestSet,
  file: ManifestSet['files'][number],
  { content, facts }: InspectedFile,
): StagedFile {
  const { slug } = file
  const path = { vendor, kind: iconSet.kind, family: family.uniqueId, iconSet: iconSet.uniqueId, slug }
  const sourceHash = hashSource(content)
  const keys = { sourceKey: printSourceKey(path), originalKey: printOriginalKey(path, sourceHash), sourceHash }
  return { ...file, ...keys, ...facts, content }
}

async function stageBatch({ pg, originals, uploadId, position }: Staging, batch: readonly StagedFile[]): Promise<void> {
  const changed = await withoutKnown({ pg, originals }, batch)
  const keys = [...changed].map((file) => file.originalKey)
  // Scheduled for deletion before they are stored, and staged afterwards: a crash at any point leaves no orphan.
  await discardObjects(pg, 'ORIGINALS', { keys, afterS: STAGED_S })
  await originals.putAll(
    [...changed].map((file) => ({ key: file.originalKey, bytes: file.content })),
    { contentType: 'image/svg+xml' },
  )
  const column = <T>(pick: (file: StagedFile) => T): T[] => batch.map(pick)
  await STAGE.run(pg, {
    uploadId,
    position,
    slugs: column((file) => file.slug),
    files: column((file) => file.file),
    titles: column((file) => file.title),
    tags: column((file) => JSON.stringify(file.tags)),
    alts: column((file) => file.alt),
    aliases: column((file) => JSON.stringify(file.aliases)),
    visibilities: column((file) => file.visibility),
    sourceKeys: column((file) => file.sourceKey),
    sourceHashes: column((file) => file.sourceHash),
    uniqueIds: column((file) => uniqueIdOf(file.sourceKey)),
    originalKeys: column((file) => (changed.has(file) ? file.originalKey : null)),
    sourceBytes: column((file) => file.content.length),
    widths: column((file) => file.width),
    heights: column((file) => file.height),
    codes: column((file) => file.code),
    messages: column((file) => file.message),
  })
}

/** The files that must be stored: SVGs that are not in the catalogue, and originals that were lost. */
async function withoutKnown(
  { pg, originals }: { pg: Pg; originals: Store },
  batch: readonly StagedFile[],
): Promise<Set<StagedFile>> {
  const rows = await fetchAll(
    pg,
    query
      .selectFrom('item')
      .select(['source_key', 'source_hash', (eb) => eb.fn.coalesce('original_key', 'source_key').as('original_key')])
      .where('source_key', '=', anyOf(batch.map((file) => file.sourceKey))),
  )
  const known = new Map(rows.map((row) => [row.source_key, row]))
  const changed = new Set(batch.filter((file) => file.code === null))
  await mapConcurrent([...changed], CHECKS_AT_ONCE, async (file) => {
    const item = known.get(file.sourceKey)
    if (item?.source_hash === file.sourceHash && (await originals.head(item.original_key))) changed.delete(file)
  })
  return changed
}

// Staged files are kept for another day; those whose object was lost or whose item's source changed meanwhile are staged again.
const RENEW = statement({
  name: 'renew-staged',
  text: `
    with renewed as (
      update discarded_object d set delete_after = now() + make_interval(secs => :stagedS)
      from upload_file f
      where f.upload_id = :uploadId and f.position = :position and d.store = 'ORIGINALS' and d.object_key = f.original_key
      returning d.object_key
    ), lost as (
      delete from upload_file f where f.upload_id = :uploadId and f.position = :position and f.code is null and not case
        when f.original_key is not null then f.original_key in (select object_key from renewed)
        else exists (select from item i where i.source_key = f.source_key and i.source_hash = f.source_hash) end
      returning f.slug
    )
    select slug from upload_file
    where upload_id = :uploadId and position = :position and slug not in (select slug from lost)`,
  parameters: { uploadId: 'int4', position: 'int4', stagedS: 'float8' },
  columns: { slug: 'text' },
})

const STAGE = statement({
  name: 'stage-files',
  text: `
    insert into upload_file (upload_id, position, slug, file, title, tags, alt, aliases, visibility, source_key, source_hash, unique_id, original_key,
                             source_bytes, width, height, code, message)
    select :uploadId::int, :position::int, t.slug, t.file, t.title, array(select json_array_elements_text(t.tags::json)),
           t.alt, array(select json_array_elements_text(t.aliases::json)), t.visibility,
           t.source_key, t.source_hash, t.unique_id, t.original_key, t.source_bytes, t.width, t.height, t.code, t.message
    from unnest(:slugs::text[], :files::text[], :titles::text[], :tags::text[], :alts::text[], :aliases::text[], :visibilities::visibility[], :sourceKeys::text[], :sourceHashes::text[],
                :uniqueIds::text[], :originalKeys::text[], :sourceBytes::int[], :widths::float8[], :heights::float8[], :codes::text[],
                :messages::text[])
      as t(slug, file, title, tags, alt, aliases, visibility, source_key, source_hash, unique_id, original_key, source_bytes, width, height, code, message)`,
  parameters: {
    uploadId: 'int4',
    position: 'int4',
    slugs: 'text[]',
    files: 'text[]',
    titles: 'text[]',
    tags: 'text[]',
    alts: 'text?[]',
    aliases: 'text[]',
    visibilities: 'visibility?[]',
    sourceKeys: 'text[]',
    sourceHashes: 'text[]',
    uniqueIds: 'text[]',
    originalKeys: 'text?[]',
    sourceBytes: 'int4[]',
    widths: 'float8?[]',
    heights: 'float8?[]',
    codes: 'text?[]',
    messages: 'text?[]',
  },
})
