import type { Pg } from '../catalogue/database.ts'

/** How far a backfill is. totalItems = done + failed + remaining once planned. */
export interface Progress {
  readonly totalItems: number
  readonly doneItems: number
  readonly failedItems: number
  readonly imagesMade: number
  readonly bytesWritten: number
  /** Over the whole run so far; null before the first item. */
  readonly itemsPerSecond: number | null
  readonly etaSeconds: number | null
}

/** The progress of each backfill, in the order of the ids, in one statement over their chunks. */
export async function readProgress(pg: Pg, backfillIds: readonly number[]): Promise<Progress[]> {
  const { rows } = await pg.query(
    `select b.id, b.status, extract(epoch from coalesce(b.finished_at, now()) - b.created_at) as seconds,
            coalesce(sum(c.total_items), 0) as total, coalesce(sum(c.done_items), 0) as done,
            coalesce(sum(c.failed_items), 0) as failed, coalesce(sum(c.images_made), 0) as images,
            coalesce(sum(c.bytes_written), 0) as bytes
     from backfill b left join backfill_chunk c on c.backfill_id = b.id
     where b.id = any($1::int[]) group by b.id`,
    [backfillIds],
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  return backfillIds.map((id) => {
    const row = byId.get(id)
    const [total, done, failed] = [Number(row?.total ?? 0), Number(row?.done ?? 0), Number(row?.failed ?? 0)]
    const settled = done + failed
    const rate = settled > 0 && Number(row?.seconds) > 0 ? settled / Number(row?.seconds) : null
    return {
      totalItems: total,
      doneItems: done,
      failedItems: failed,
      imagesMade: Number(row?.images ?? 0),
      bytesWritten: Number(row?.bytes ?? 0),
      itemsPerSecond: rate,
      etaSeconds: rate !== null && row?.status === 'RUNNING' ? Math.ceil((total - settled) / rate) : null,
    }
  })
}
