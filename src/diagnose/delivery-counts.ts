import { flushPeriodically, type PeriodicFlush } from '../core/flush-periodically.ts'
import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** How the origin handler answered a request; redirects, and other errors than these, are not counted. */
export interface DeliveryTotals {
  /** Pictures that were stored before the request. */
  stored: number
  /** Pictures that were made for the request, or a moment before. */
  made: number
  /** 429 and 503: a viewer has to try again. */
  refused: number
  /** 404: never issued. */
  notFound: number
}

/** Counts the responses of the origin handler, for the doctor and the console. */
export interface DeliveryCounts extends PeriodicFlush {
  /**
   * Counts in memory: a request writes nothing to the database.
   * @param waitedMs of a picture that was made for this request, from arrival to response
   */
  count(kind: keyof DeliveryTotals, waitedMs?: number): void
}

/** Upper bounds in ms of the buckets in which waiting times are counted; the last bucket has none. Only ever append: stored by position. */
const BOUNDS_MS = [
  5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 15_000, 25_000,
] as const

interface Counts extends DeliveryTotals {
  /** One for each bucket. */
  readonly missCounts: number[]
}

const noCounts = (): Counts => ({
  stored: 0,
  made: 0,
  refused: 0,
  notFound: 0,
  missCounts: Array(BOUNDS_MS.length + 1).fill(0),
})

export function openDeliveryCounts(pg: Pg): DeliveryCounts {
  let counts = noCounts()

  async function write(): Promise<void> {
    const taken = counts
    if (taken.stored + taken.made + taken.refused + taken.notFound === 0) return
    counts = noCounts()
    try {
      await ADD.run(pg, { ...taken })
    } catch (error) {
      for (const kind of ['stored', 'made', 'refused', 'notFound'] as const) counts[kind] += taken[kind]
      for (const [bucket, count] of taken.missCounts.entries()) add(bucket, count)
      logFailure('delivery counts cannot be written; trying again', error)
    }
  }

  function add(bucket: number, count: number): void {
    counts.missCounts[bucket] = (counts.missCounts[bucket] ?? 0) + count
  }

  return {
    ...flushPeriodically(write),
    count(kind, waitedMs) {
      counts[kind]++
      if (waitedMs !== undefined) add(bucketOf(waitedMs), 1)
    },
  }
}

function bucketOf(ms: number): number {
  const bucket = BOUNDS_MS.findIndex((bound) => ms <= bound)
  return bucket < 0 ? BOUNDS_MS.length : bucket
}

// One row per hour for all processes; rows older than a month are deleted.
const ADD = statement({
  name: 'add-deliveries',
  text: `
    with pruned as (delete from delivery_count where hour < now() - interval '30 days')
    insert into delivery_count as c (hour, stored, made, refused, not_found, miss_counts)
    values (date_trunc('hour', now()), :stored, :made, :refused, :notFound, :missCounts::int[])
    on conflict (hour) do update set stored = c.stored + excluded.stored, made = c.made + excluded.made,
      refused = c.refused + excluded.refused, not_found = c.not_found + excluded.not_found,
      miss_counts = array(select coalesce(a, 0) + coalesce(b, 0)
                          from unnest(c.miss_counts, excluded.miss_counts) with ordinality as t(a, b, bucket) order by bucket)`,
  parameters: { stored: 'int8', made: 'int8', refused: 'int8', notFound: 'int8', missCounts: 'int4[]' },
})

export interface Deliveries extends Readonly<DeliveryTotals> {
  /** Within which time in ms half, and 95 %, of the pictures made for their request were sent; null if there were none. */
  readonly missP50Ms: number | null
  readonly missP95Ms: number | null
}

/** The totals of the last 24 hours, over all processes. */
export async function readDeliveries(pg: Pg): Promise<Deliveries> {
  const sums = await READ_DELIVERIES.get(pg)
  const misses = (sums?.misses ?? []).map(Number)
  return {
    stored: Number(sums?.stored),
    made: Number(sums?.made),
    refused: Number(sums?.refused),
    notFound: Number(sums?.not_found),
    missP50Ms: quantile(misses, 0.5),
    missP95Ms: quantile(misses, 0.95),
  }
}

const READ_DELIVERIES = statement({
  name: 'read-deliveries',
  text: `
    with recent as (select * from delivery_count where hour > now() - interval '24 hours')
    select coalesce(sum(stored), 0) as stored, coalesce(sum(made), 0) as made, coalesce(sum(refused), 0) as refused,
           coalesce(sum(not_found), 0) as not_found,
           array(select sum(count)::int8 from recent, unnest(miss_counts) with ordinality as t(count, bucket)
                 group by bucket order by bucket) as misses
    from recent`,
  columns: { stored: 'numeric', made: 'numeric', refused: 'numeric', not_found: 'numeric', misses: 'int8[]' },
})

/** The upper bound of the bucket that contains the quantile; of the last one, its lower bound. */
function quantile(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  let sum = 0
  const bucket = counts.findIndex((count) => {
    sum += count
    return sum >= total * share
  })
  return BOUNDS_MS[bucket] ?? BOUNDS_MS.at(-1) ?? null
}
