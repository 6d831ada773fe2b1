import type { PoolClient } from 'pg'
import type { ManifestSet } from '../archive/manifest.ts'
import { describeFamilies } from '../catalogue/upsert-items.ts'
import { AppError } from '../core/errors.ts'
import { VISIBILITIES } from '../core/visibility.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { lockTransaction, shareTransaction, VISIBILITY_LOCK } from '../db/locks.ts'
import { notify } from '../db/notify.ts'
import { anyOf, execute, fetchAll, fetchFirst, query } from '../db/query.ts'
import { discardObjects } from '../retention/discarded.ts'
import { settleVisibility, stateVisibility } from '../takedown/set-visibility.ts'
import {
  COUNT_SET,
  DISCARD_REPLACED,
  FIND_REFUSED,
  INSERT_CHUNKS,
  KEEP_STAGED,
  LOCK_ITEMS,
  LOCK_REMOVED,
  LOCK_UPLOAD,
  RENAME_ITEMS,
  RESET_LOST,
  STATE_VISIBILITY,
  UPSERT_FAMILY,
  UPSERT_SET,
  UPSERT_STAGED,
} from './commit-statements.ts'
import { addProblems } from './end-upload.ts'
import { queueChunks } from './render-chunk.ts'
import { UPLOAD_CHANNEL } from './uploads.ts'

/** Items whose pictures one job makes. */
const CHUNK_ITEMS = 96

interface Commit {
  readonly uploadId: number
  readonly position: number
  readonly set: ManifestSet
  /** How long replaced and removed objects are kept. */
  readonly graceDays: number
}

/**
 * Makes a staged set visible: new, changed and removed items and the chunks that make its pictures, all in one transaction. Has no effect
 * if the set was committed before. Throws if the catalogue has changed since the set was staged: staging must be repeated.
 */
export async function commitSet(pg: Pg, commit: Commit): Promise<void> {
  const { uploadId, position, set } = commit
  const at = { uploadId, position }
  await inTransaction(pg, async (client) => {
    const upload = await LOCK_UPLOAD.get(client, at)
    if (upload?.status !== 'INGESTING' || upload.done) return
    await (statesVisibility(set) ? lockTransaction : shareTransaction)(client, VISIBILITY_LOCK)
    const iconSetId = await upsertSet(client, set)
    await LOCK_ITEMS.run(client, at)
    await keepStaged(client, at)
    await DISCARD_REPLACED.run(client, { ...at, graceDays: commit.graceDays })
    await RESET_LOST.run(client, at)
    const written = await UPSERT_STAGED.all(client, { ...at, iconSetId })
    await RENAME_ITEMS.run(client, at)
    if (statesVisibility(set)) await stateItems(client, at)
    const removed = await remove(client, { ...commit, iconSetId })
    const refused = await FIND_REFUSED.all(client, at)
    await addProblems(client, uploadId, { problems: refused.map((problem) => ({ ...problem, pointer: null })) })
    await INSERT_CHUNKS.run(client, { ...at, chunkItems: CHUNK_ITEMS })
    const added = written.filter((row) => row.is_new).length
    const changed = written.length - added
    await COUNT_SET.run(client, { uploadId, added, changed, removed: removed.length, refused: refused.length })
    const row = { upload_id: uploadId, position, leaving_item_ids: removed }
    await execute(client, query.insertInto('upload_set').values(row))
    const staged = query.deleteFrom('upload_file').where('upload_id', '=', uploadId).where('position', '=', position)
    await execute(client, staged)
    await queueChunks(client, uploadId)
    await notify(client, UPLOAD_CHANNEL, String(uploadId))
  })
}

/** Upserts the set, its family and vendor as named in the manifest. Throws if another vendor got it meanwhile. */
async function upsertSet(
  client: PoolClient,
  { vendor, family, terms, visibility, iconSet }: ManifestSet,
): Promise<number> {
  const username = { username: vendor, name: vendor }
  await execute(
    client,
    query
      .insertInto('vendor')
      .values(username)
      .onConflict((known) => known.doNothing()),
  )
  await UPSERT_FAMILY.run(client, { ...family, vendor })
  if (Object.values(terms).some((value) => value !== null))
    await describeFamilies(client, [{ ...family, vendor, terms }])
  await UPSERT_SET.run(client, { ...iconSet, family: family.uniqueId, vendor })
  const found = await fetchFirst(
    client,
    query
      .selectFrom('icon_set as s')
      .innerJoin('family as f', 'f.id', 's.family_id')
      .innerJoin('vendor as v', 'v.id', 'f.vendor_id')
      .select(['s.id', 's.family_id as familyId'])
      .where('s.unique_id', '=', iconSet.uniqueId)
      .where('s.kind', '=', iconSet.kind)
      .where('f.unique_id', '=', family.uniqueId)
      .where('v.username', '=', vendor),
  )
  if (found) {
    // Before any item is added, which then has it from the start.
    if (visibility.family)
      await stateVisibility(client, { type: 'FAMILY', id: found.familyId }, { visibility: visibility.family })
    if (visibility.iconSet)
      await stateVisibility(client, { type: 'ICON_SET', id: found.id }, { visibility: visibility.iconSet })
    return found.id
  }
  throw new AppError(
    'BAD_INPUT',
    `Set ${iconSet.uniqueId} or its family was taken by another vendor during the upload: use another unique id.`,
  )
}

/** Keeps the staged originals for the items. Throws if some of them are gone, or an unchanged item has changed. */
async function keepStaged(client: PoolClient, at: { uploadId: number; position: number }): Promise<void> {
  const { lost = 0, changed = 0 } = (await KEEP_STAGED.get(client, at)) ?? {}
  if (lost + changed > 0) throw new Error(`${lost} staged originals are gone, ${changed} items changed meanwhile`)
}

/** Whether the manifest says who may see the set, its family or any of its items. */
const statesVisibility = ({ visibility, files }: ManifestSet): boolean =>
  visibility.family !== null || visibility.iconSet !== null || files.some((file) => file.visibility !== null)

async function stateItems(client: PoolClient, at: { uploadId: number; position: number }): Promise<void> {
  const changed = await STATE_VISIBILITY.all(client, at)
  for (const visibility of VISIBILITIES) {
    const ids = changed.filter((row) => row.visibility === visibility).map((row) => row.id)
    if (ids.length > 0) await settleVisibility(client, { type: 'ITEM', ids }, visibility)
  }
}

/** Deletes items, except those that are taken down: their rows keep them hidden. Returns their ids. */
async function remove(
  client: PoolClient,
  { set, graceDays, iconSetId }: Commit & { iconSetId: number },
): Promise<number[]> {
  if (set.removed.length === 0) return []
  const rows = await LOCK_REMOVED.all(client, { iconSetId, slugs: set.removed })
  const ids = rows.map((row) => row.id)
  const afterS = graceDays * 86_400
  const keys = rows.map((row) => row.original_key)
  await discardObjects(client, 'ORIGINALS', { keys, afterS })
  await discardImages(client, { itemIds: ids, afterS })
  await execute(client, query.deleteFrom('item').where('id', '=', anyOf(ids)))
  return ids
}

/** Deletes all image rows of deleted items, and schedules the deletion of their objects. */
export async function discardImages(
  client: PoolClient,
  { itemIds, afterS }: { itemIds: readonly number[]; afterS: number },
): Promise<void> {
  const images = query.deleteFrom('image').where('owner_type', '=', 'ITEM').where('owner_id', '=', anyOf(itemIds))
  const rows = await fetchAll(client, images.returning('object_key'))
  await discardObjects(client, 'PREVIEWS', { keys: rows.map((row) => row.object_key), afterS })
}
