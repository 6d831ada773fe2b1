import type { PoolClient } from 'pg'
import type { Pg } from '../db/database.ts'

/** Progress of an upload. totalItems = done + failed + remaining, once the archive is checked. */
export interface UploadProgress {
  /** Files of the manifest. */
  readonly totalItems: number
  /** With all their pictures, or deleted since. */
  readonly doneItems: number
  /** That are not SVG, or cannot be rendered. */
  readonly failedItems: number
}

/** The progress of each upload, in the order of the ids, in one statement over their chunks. */
export async function readUploadProgress(pg: Pg | PoolClient, uploadIds: readonly number[]): Promise<UploadProgress[]> {
  const { rows } = await pg.query(READ_PROGRESS, [uploadIds])
  const byId = new Map(rows.map((row) => [row.id, row]))
  return uploadIds.map((id) => {
    const { total = 0, done = 0, failed = 0 } = byId.get(id) ?? {}
    return { totalItems: total, doneItems: done, failedItems: failed }
  })
}

const READ_PROGRESS = `
  select u.id, u.total_items as total, coalesce(sum(c.done_items), 0)::int as done,
         (u.refused_items + coalesce(sum(c.failed_items), 0))::int as failed
  from upload u left join upload_chunk c on c.upload_id = u.id
  where u.id = any($1::int[]) group by u.id`
