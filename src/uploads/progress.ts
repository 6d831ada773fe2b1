import { type Queryable, statement } from '../db/statement.ts'

/** Progress of an upload. totalItems = done + failed + remaining once the archive is checked. */
export interface UploadProgress {
  /** Files listed in the manifest. */
  readonly totalItems: number
  /** Items with all their pictures, or deleted since. */
  readonly doneItems: number
  /** Items that are not SVG, or cannot be rendered. */
  readonly failedItems: number
}

/** The progress of each upload, in the order of the ids, in one statement over their chunks. */
export async function readUploadProgress(db: Queryable, uploadIds: readonly number[]): Promise<UploadProgress[]> {
  const rows = await READ_PROGRESS.all(db, { uploadIds })
  const byId = new Map(rows.map((row) => [row.id, row]))
  return uploadIds.map((id) => {
    const { total = 0, done = 0, failed = 0 } = byId.get(id) ?? {}
    return { totalItems: total, doneItems: done, failedItems: failed }
  })
}

const READ_PROGRESS = statement({
  name: 'read-upload-progress',
  text: `
    select u.id, u.total_items as total, coalesce(sum(c.done_items), 0)::int as done,
           (u.refused_items + coalesce(sum(c.failed_items), 0))::int as failed
    from upload u left join upload_chunk c on c.upload_id = u.id
    where u.id = any(:uploadIds::int[]) group by u.id`,
  parameters: { uploadIds: 'int4[]' },
  columns: { id: 'int4', total: 'int4', done: 'int4', failed: 'int4' },
})
