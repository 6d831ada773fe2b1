import type { PoolClient } from 'pg'
import { PROBLEMS_KEPT } from '../archive/problems.ts'
import { printGlobalId } from '../core/global-id.ts'
import { printUploadKey } from '../core/variant.ts'
import { notify } from '../db/notify.ts'
import { execute, fetchFirst, now, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { discardObjects } from '../retention/discarded.ts'
import { recordEvents } from '../webhooks/outbox.ts'
import { readUploadProgress } from './progress.ts'
import { URL_LIFE_S } from './upload-url.ts'
import { UPLOAD_CHANNEL } from './uploads.ts'

/** One problem of an upload. */
export interface UploadProblem {
  /** A code of archive/problems.ts, of the error catalogue, or of find-foreign.ts. */
  readonly code: string
  /** Name in the archive; null for the archive itself. */
  readonly file: string | null
  /** JSON pointer in the manifest. */
  readonly pointer: string | null
  readonly message: string
}

/** Records problems of an upload, the first 1,000, and counts all. @param count if there are more than are given */
export async function addProblems(
  client: PoolClient,
  uploadId: number,
  { problems, count = problems.length }: { problems: readonly UploadProblem[]; count?: number },
): Promise<void> {
  if (count === 0) return
  const counted = await fetchFirst(
    client,
    query
      .updateTable('upload')
      .set((eb) => ({ problem_count: eb('problem_count', '+', count) }))
      .where('id', '=', uploadId)
      .returning((eb) => eb('problem_count', '-', count).as('before')),
  )
  const kept = problems.slice(0, Math.max(0, PROBLEMS_KEPT - (counted?.before ?? 0)))
  await ADD_PROBLEMS.run(client, {
    uploadId,
    codes: kept.map((problem) => problem.code),
    files: kept.map((problem) => problem.file),
    pointers: kept.map((problem) => problem.pointer),
    messages: kept.map((problem) => problem.message),
  })
}

const ADD_PROBLEMS = statement({
  name: 'add-upload-problems',
  text: `
    insert into upload_problem (upload_id, code, file, pointer, message)
    select :uploadId::int, * from unnest(:codes::text[], :files::text[], :pointers::text[], :messages::text[])`,
  parameters: { uploadId: 'int4', codes: 'text[]', files: 'text?[]', pointers: 'text?[]', messages: 'text[]' },
})

/**
 * Ends an upload, records the event for the webhooks and schedules the deletion of its leftovers, as the last step of the caller's
 * transaction. Has no effect if it has ended.
 */
export async function endUpload(
  client: PoolClient,
  uploadId: number,
  status: 'COMPLETED' | 'REFUSED' | 'FAILED',
): Promise<void> {
  const end = query
    .updateTable('upload')
    .set({ status, finished_at: now })
    .where('id', '=', uploadId)
    .where('status', 'in', ['CHECKING', 'INGESTING', 'RENDERING'])
    .returning(['vendor', 'file_name', 'families', 'added_items', 'changed_items', 'removed_items', 'problem_count'])
  const ended = await fetchFirst(client, end)
  if (!ended) return
  // Staged originals that were never committed are already scheduled for deletion; this brings it forward.
  const staged = query.selectFrom('upload_file').select((eb) => eb.ref('original_key').$notNull().as('original_key'))
  await execute(
    client,
    query
      .updateTable('discarded_object')
      .set({ delete_after: now })
      .where('store', '=', 'ORIGINALS')
      .where('object_key', 'in', staged.where('upload_id', '=', uploadId)),
  )
  await execute(client, query.deleteFrom('upload_file').where('upload_id', '=', uploadId))
  // Not before its URL has expired: otherwise it could be uploaded again and would be orphaned.
  await discardObjects(client, 'ORIGINALS', { keys: [printUploadKey(uploadId)], afterS: URL_LIFE_S })
  await notify(client, UPLOAD_CHANNEL, String(uploadId))
  const [progress] = await readUploadProgress(client, [uploadId])
  const { families } = ended
  const data = {
    upload: printGlobalId('Upload', uploadId),
    vendor: ended.vendor,
    fileName: ended.file_name,
    status,
    families,
    totalItems: progress?.totalItems ?? 0,
    doneItems: progress?.doneItems ?? 0,
    failedItems: progress?.failedItems ?? 0,
    addedItems: ended.added_items,
    changedItems: ended.changed_items,
    removedItems: ended.removed_items,
    problems: ended.problem_count,
  }
  // Follows the events of its pictures if they are all of one family.
  const family = families.length === 1 ? (families[0] ?? null) : null
  await recordEvents(client, [{ type: 'upload.completed', family, data }])
}

/**
 * Ends an upload whose rows are complete when it has no chunks left. In the caller's transaction, as its last step. Returns the ids of
 * the families that are complete with it.
 */
export async function finishIfRendered(client: PoolClient, uploadId: number): Promise<number[]> {
  // The lock serialises the last two chunks.
  await execute(client, query.selectFrom('upload').where('id', '=', uploadId).forUpdate())
  const rendered = await FIND_RENDERED.get(client, { uploadId })
  if (!rendered) return []
  await endUpload(client, uploadId, rendered.failed ? 'FAILED' : 'COMPLETED')
  return [...rendered.family_ids]
}

const FIND_RENDERED = statement({
  name: 'find-rendered-upload',
  text: `
    select exists (select from upload_chunk where upload_id = :uploadId and status = 'FAILED') as failed,
      array(select id from family where unique_id = any(families)) as family_ids
    from upload where id = :uploadId and status = 'RENDERING'
      and not exists (select from upload_chunk where upload_id = :uploadId and status = 'PENDING')`,
  parameters: { uploadId: 'int4' },
  columns: { failed: 'bool', family_ids: 'int4[]' },
})
