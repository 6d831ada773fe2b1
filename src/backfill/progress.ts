import { type Queryable, statement } from '../db/statement.ts'

/** Progress of a backfill. totalItems = done + failed + remaining once planned. */
export interface Progress {
  /** The count at the start, until the last chunk is created; then the sum of the chunks. */
  readonly totalItems: number
  readonly doneItems: number
  readonly failedItems: number
  readonly imagesMade: number
  readonly bytesWritten: number
  /** Over the last minute while it runs, over the whole run at its end; null if nothing was done in that time. */
  readonly itemsPerSecond: number | null
  /** Null unless it runs at a known rate. */
  readonly etaSeconds: number | null
}

/** Long enough to smooth out a slow item, short enough to show when a worker starts or stops. */
const RATE_WINDOW_S = 60

/** The progress of each backfill, in the order of the ids, in one statement over their chunks. */
export async function readProgress(db: Queryable, backfillIds: readonly number[]): Promise<Progress[]> {
  const rows = await READ_PROGRESS.all(db, { backfillIds, windowS: RATE_WINDOW_S })
  const byId = new Map(rows.map((row) => [row.id, row]))
  return backfillIds.map((id) => {
    const row = byId.get(id)
    const [totalItems, doneItems, failedItems] = [
      Number(row?.total ?? 0),
      Number(row?.done ?? 0),
      Number(row?.failed ?? 0),
    ]
    const rate = Number(row?.rate) > 0 ? Number(row?.rate) : null
    const left = totalItems - doneItems - failedItems
    return {
      totalItems,
      doneItems,
      failedItems,
      imagesMade: Number(row?.images ?? 0),
      bytesWritten: Number(row?.bytes ?? 0),
      itemsPerSecond: rate,
      etaSeconds: rate !== null && row?.status === 'RUNNING' ? Math.ceil(left / rate) : null,
    }
  })
}

// A chunk counts for the part of its time within the window, assuming a constant rate.
const READ_PROGRESS = statement({
  name: 'read-backfill-progress',
  text: `
    select b.id, b.status, sums.done, sums.failed, sums.images, sums.bytes,
           case when b.is_cut or b.status = 'CANCELED' then sums.total else greatest(sums.total, b.counted_items) end as total,
           case when b.finished_at is null then recent.items / nullif(recent.seconds, 0)
                else (sums.done + sums.failed) / nullif(extract(epoch from b.finished_at - b.started_at), 0) end as rate
    from backfill b
    cross join lateral (
      select coalesce(sum(total_items), 0) as total, coalesce(sum(done_items), 0) as done,
             coalesce(sum(failed_items), 0) as failed, coalesce(sum(images_made), 0) as images,
             coalesce(sum(bytes_written), 0) as bytes
      from backfill_chunk where backfill_id = b.id
    ) sums
    cross join lateral (
      select sum((done_items + failed_items) * extract(epoch from updated_at - since)
                 / greatest(extract(epoch from updated_at - started_at), 0.001)) as items,
             extract(epoch from now() - min(since)) as seconds
      from (
        select *, greatest(started_at, now() - make_interval(secs => :windowS)) as since
        from backfill_chunk where backfill_id = b.id and updated_at > now() - make_interval(secs => :windowS)
      ) as chunk
    ) recent
    where b.id = any(:backfillIds::int[])`,
  parameters: { backfillIds: 'int4[]', windowS: 'float8' },
  columns: {
    id: 'int4',
    status: 'backfill_status',
    done: 'int8',
    failed: 'int8',
    images: 'int8',
    bytes: 'numeric',
    total: 'int8',
    rate: 'numeric?',
  },
})
