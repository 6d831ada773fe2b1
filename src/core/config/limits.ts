import { integer, integerOrOff, type Read } from './values.ts'

/** What one client, one vendor, and all of them may use: see LimitsConfig. */
export const LIMIT_VARIABLES = [
  {
    name: 'REQUESTS_PER_MINUTE',
    default: '12000',
    meaning:
      'Requests per minute of one token or, without one, one address, per API process, except for pictures and health checks; `off`: no limit. Behind a CDN or proxy, also set `TRUSTED_PROXIES`.',
  },
  {
    name: 'GRAPHQL_POINTS_PER_MINUTE',
    default: '6000000',
    meaning: 'The same for the cost of GraphQL queries: one may cost at most 60,000 points.',
  },
  {
    name: 'PICTURES_PER_MINUTE',
    default: 'off',
    meaning: 'The same for requests for pictures that reach this service, stored or not.',
  },
  {
    name: 'TRANSFORMS_PER_MINUTE',
    default: '600',
    meaning: 'The same for new transform pictures, of one address; 0: none are drawn.',
  },
  {
    name: 'SUBSCRIPTIONS_PER_CLIENT',
    default: '100',
    meaning:
      'Subscriptions that one token or, without one, one address may have open, per API process; `off`: no limit.',
  },
  {
    name: 'SUBSCRIPTIONS_MAX',
    default: '2000',
    meaning: 'Subscriptions of all clients together, per API process.',
  },
  {
    name: 'UPLOADS_PER_DAY',
    default: '2000',
    meaning: 'Uploads that one token may create in 24 hours, over all processes; `off`: no limit.',
  },
  {
    name: 'UPLOAD_BYTES_PER_DAY',
    default: '200000000000',
    meaning: 'The same for the bytes of their archives.',
  },
  {
    name: 'UPLOADS_IN_PROGRESS',
    default: '100',
    meaning: 'Uploads of one token that have not ended, over all processes; `off`: no limit.',
  },
  {
    name: 'VENDOR_UPLOAD_BYTES',
    default: '20000000000',
    meaning:
      "Bytes of one vendor's archives that have not been ingested, whoever sends them, over all processes: an upload that would exceed it waits.",
  },
  {
    name: 'UPLOAD_BYTES_MAX',
    default: '200000000000',
    meaning: 'The same for the archives of all vendors together: what the originals store has room for.',
  },
  {
    name: 'VENDOR_ITEMS_MAX',
    default: 'off',
    meaning: 'Items that one vendor may have in the catalogue: an upload that would exceed it is refused.',
  },
  {
    name: 'VENDOR_BYTES_MAX',
    default: 'off',
    meaning: 'The same for the bytes of the originals.',
  },
] as const

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

const LARGEST = Number.MAX_SAFE_INTEGER

/**
 * Reads the limits. The defaults are far above what a page or a busy front end uses: a page of 200 items with three pictures each costs
 * about 2,000 points.
 */
export const readLimits = (read: Read<typeof LIMIT_VARIABLES>): LimitsConfig => ({
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
