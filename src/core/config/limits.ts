import type { VARIABLES } from '../variables.ts'
import { integer, integerOrOff, type Problem } from './values.ts'

/** What one client, or one vendor, may use. Infinity: not limited. A client is a token or, without one, an address. */
export interface LimitsConfig {
  readonly requestsPerMinute: number
  /** Cost of GraphQL operations. */
  readonly pointsPerMinute: number
  readonly picturesPerMinute: number
  readonly transformsPerMinute: number
  readonly subscriptionsPerClient: number
  /** Of all clients together, per process. */
  readonly subscriptionsMax: number
  /** Of all processes together, in 24 hours, for a token. */
  readonly uploadsPerDay: number
  readonly uploadBytesPerDay: number
  readonly uploadsInProgress: number
  /** Of archives that have not ended, of all processes together: for a vendor, and for all vendors. */
  readonly vendorUploadBytes: number
  readonly uploadBytesMax: number
  /** In the catalogue, for a vendor: files and their sizes. */
  readonly vendorItemsMax: number
  readonly vendorBytesMax: number
}

type Read = (
  name: (typeof VARIABLES)[number]['name'],
  fallback: number,
  parse: (text: string) => number | Problem,
) => number

const LARGEST = Number.MAX_SAFE_INTEGER

/**
 * Reads the limits. The defaults are far above what a page or a busy front end uses: a page of 200 items with three pictures each costs
 * about 2,000 points.
 */
export const readLimits = (read: Read): LimitsConfig => ({
  requestsPerMinute: read('REQUESTS_PER_MINUTE', 12_000, integerOrOff(1, LARGEST)),
  pointsPerMinute: read('GRAPHQL_POINTS_PER_MINUTE', 6_000_000, integerOrOff(1, LARGEST)),
  picturesPerMinute: read('PICTURES_PER_MINUTE', Infinity, integerOrOff(1, LARGEST)),
  transformsPerMinute: read('TRANSFORMS_PER_MINUTE', 600, integerOrOff(0, LARGEST)),
  subscriptionsPerClient: read('SUBSCRIPTIONS_PER_CLIENT', 100, integerOrOff(0, LARGEST)),
  subscriptionsMax: read('SUBSCRIPTIONS_MAX', 2000, integer(0, 100_000)),
  uploadsPerDay: read('UPLOADS_PER_DAY', 2000, integerOrOff(0, LARGEST)),
  uploadBytesPerDay: read('UPLOAD_BYTES_PER_DAY', 200_000_000_000, integerOrOff(0, LARGEST)),
  uploadsInProgress: read('UPLOADS_IN_PROGRESS', 100, integerOrOff(1, LARGEST)),
  vendorUploadBytes: read('VENDOR_UPLOAD_BYTES', 20_000_000_000, integerOrOff(1, LARGEST)),
  uploadBytesMax: read('UPLOAD_BYTES_MAX', 200_000_000_000, integerOrOff(1, LARGEST)),
  vendorItemsMax: read('VENDOR_ITEMS_MAX', Infinity, integerOrOff(0, LARGEST)),
  vendorBytesMax: read('VENDOR_BYTES_MAX', Infinity, integerOrOff(0, LARGEST)),
})
