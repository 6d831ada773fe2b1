import type { PoolClient } from 'pg'
import { printUploadKey } from '../core/variant.ts'
import { discardObjects } from '../retention/discarded.ts'
import { recordEvents } from '../webhooks/outbox.ts'
import { readUploadProgress } from './progress.ts'
import { URL_LIFE_S } from './upload-url.ts'
import { UPLOAD_CHANNEL } from './uploads.ts'

/** One thing that is wrong with an upload. */
export interface UploadProblem {
  /** Of archive/problems.ts, of the error catalogue, or of find-foreign.ts. */
  readonly code: string
  /** Name in the archive; null: the archive itself. */
  readonly file: string | null
  /** JSON pointer in the manifest. */
  readonly pointer: string | null
  readonly message: string
}

/** An archive can be wrong a million times. */
const PROBLEMS_KEPT = 1000

/** Records problems of an upload, its first 1,000, and counts all. @param count where there are more than are given */
export async function addProblems(
  client: PoolClient,
  uploadId: number,
  { problems, count = problems.length }: { problems: readonly UploadProblem[]; count?: number },
): Promise<void> {
  if (count === 0) return
  const { rows } = await client.query<{ before: number }>(
    'update upload set problem_count = problem_count + $2 where id = $1 returning problem_count - $2 as before',
    [uploadId, count],
  )
  const kept = problems.slice(0, Math.max(0, PROBLEMS_KEPT - (rows[0]?.before ?? 0)))
  await client.query(
    `insert into upload_problem (upload_id, code, file, pointer, message)
     select $1::int, * from unnest($2::text[], $3::text[], $4::text[], $5::text[])`,
    [
      uploadId,
      kept.map((problem) => problem.code),
      kept.map((problem) => problem.file),
      kept.map((problem) => problem.pointer),
      kept.map((problem) => problem.message),
    ],
  )
}

/**
 * Ends an upload, records the event for the webhooks and schedules the deletion of its leftovers, as the last step of the
 * caller's transaction. One that has ended stays as it is.
 */
export async function endUpload(
  client: PoolClient,
  uploadId: number,
  status: 'COMPLETED' | 'REFUSED' | 'FAILED',
): Promise<void> {
  const { rows } = await client.query<EndedUpload>(END_UPLOAD, [uploadId, status])
  const [ended] = rows
  if (!ended) return
  // Staged originals that were never committed are registered for deletion already; it is brought forward.
  await client.query(
    `update discarded_object d set delete_after = now() from upload_file f
     where f.upload_id = $1 and d.store = 'ORIGINALS' and d.object_key = f.original_key`,
    [uploadId],
  )
  await client.query('delete from upload_file where upload_id = $1', [uploadId])
  // Not before its URL has expired: otherwise it could be uploaded again and would be orphaned.
  await discardObjects(client, 'ORIGINALS', { keys: [printUploadKey(uploadId)], afterS: URL_LIFE_S })
  await client.query('select pg_notify($1, $2)', [UPLOAD_CHANNEL, String(uploadId)])
  const [progress] = await readUploadProgress(client, [uploadId])
  const { families } = ended
  const data = {
    // As GraphQL names it.
    upload: Buffer.from(`Upload:${uploadId}`).toString('base64'),
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
  // After the events of its pictures, where they are all of one family.
  const family = families.length === 1 ? (families[0] ?? null) : null
  await recordEvents(client, [{ type: 'upload.completed', family, data }])
}

/**
 * Ends an upload whose rows are all there when no chunk of it is left. In the caller's transaction, as its last step.
 * Returns the ids of the families that are complete with it.
 */
export async function finishIfRendered(client: PoolClient, uploadId: number): Promise<number[]> {
  // The lock serialises the last two chunks.
  await client.query('select from upload where id = $1 for update', [uploadId])
  const { rows } = await client.query<{ failed: boolean; family_ids: number[] }>(
    `select exists (select from upload_chunk where upload_id = $1 and status = 'FAILED') as failed,
       array(select id from family where unique_id = any(families)) as family_ids
     from upload where id = $1 and status = 'RENDERING'
       and not exists (select from upload_chunk where upload_id = $1 and status = 'PENDING')`,
    [uploadId],
  )
  const [rendered] = rows
  if (!rendered) return []
  await endUpload(client, uploadId, rendered.failed ? 'FAILED' : 'COMPLETED')
  return rendered.family_ids
}

interface EndedUpload {
  readonly vendor: string
  readonly file_name: string
  readonly families: readonly string[]
  readonly added_items: number
  readonly changed_items: number
  readonly removed_items: number
  readonly problem_count: number
}

const END_UPLOAD = `
  update upload set status = $2::upload_status, finished_at = now()
  where id = $1 and status in ('CHECKING', 'INGESTING', 'RENDERING')
  returning vendor, file_name, families, added_items, changed_items, removed_items, problem_count`
