import type { Caller } from '../access/caller.ts'
import type { Config } from '../core/config.ts'
import { type ConcurrencyLimit, openConcurrencyLimit } from './concurrency-limit.ts'
import { networkOf } from './network.ts'
import { openRateLimit, type RateLimit } from './rate-limit.ts'

/** What clients may use of this process. Each token has its own quota, and each address (an IPv6 network of 64 bits) of those without. */
export interface Limits {
  /** Requests, except for pictures and health checks. */
  readonly requests: RateLimit
  /** Cost of GraphQL operations. */
  readonly points: RateLimit
  /** Requests for pictures. */
  readonly pictures: RateLimit
  /** New pictures by transform. */
  readonly transforms: RateLimit
  readonly subscriptions: ConcurrencyLimit
  /** Archives being received. */
  readonly archives: ConcurrencyLimit
  /** The same by vendor, from whatever addresses they come. */
  readonly archivesOfVendor: ConcurrencyLimit
}

/** Each holds a connection and writes to the disk. */
const ARCHIVES_MAX = 200
/** A vendor with many addresses leaves room for others. */
const ARCHIVES_OF_VENDOR_MAX = 50

/** The limits of a process, as configured: it counts for itself, in memory. */
export function openLimits({ limits }: Pick<Config, 'limits'>): Limits {
  const perMinute = (name: string, what: string, quota: number, unit?: string) =>
    openRateLimit({ name, what, quota, windowS: 60, ...(unit ? { unit } : {}) })
  return {
    requests: perMinute('requests', 'requests', limits.requestsPerMinute),
    points: perMinute('points', 'points of GraphQL queries', limits.pointsPerMinute, 'points'),
    pictures: perMinute('pictures', 'requests for pictures', limits.picturesPerMinute),
    transforms: perMinute('transforms', 'new pictures by transform', limits.transformsPerMinute),
    subscriptions: openConcurrencyLimit({
      what: 'subscriptions',
      perClient: limits.subscriptionsPerClient,
      total: limits.subscriptionsMax,
    }),
    archives: openConcurrencyLimit({
      what: 'uploads',
      perClient: limits.uploadsInProgress,
      total: ARCHIVES_MAX,
    }),
    archivesOfVendor: openConcurrencyLimit({
      what: 'uploads',
      perClient: Math.min(limits.uploadsInProgress, ARCHIVES_OF_VENDOR_MAX),
      total: ARCHIVES_MAX,
    }),
  }
}

/** Who a quota belongs to: the token if the caller has one, else the address. */
export function clientOf({ actor, tokenId }: Caller, address: string): string {
  if (tokenId !== null) return `token:${tokenId}`
  return actor === 'anonymous' ? networkOf(address) : actor
}
