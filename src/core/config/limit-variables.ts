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
