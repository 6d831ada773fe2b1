import { AWS_VARIABLES } from './config/aws.ts'
import { BUCKET_VARIABLES } from './config/buckets.ts'
import { DATABASE_VARIABLES } from './config/database.ts'
import { JWT_VARIABLES } from './config/jwt.ts'
import { LIMIT_VARIABLES } from './config/limits.ts'
import { OPERATIONS_VARIABLES } from './config/operations.ts'
import { TRACING_VARIABLES } from './config/tracing.ts'

/** All environment variables. docs/configuration.md and .env.example are generated from it. */
export const VARIABLES = [
  { name: 'PORT', default: '4000', meaning: 'Port of the API; 0 picks a free one.' },
  { name: 'HOST', default: '127.0.0.1', meaning: 'Address that the API listens on.' },
  { name: 'DATA_DIR', default: '.afterimage', meaning: 'Embedded Postgres, filesystem stores, generated secrets.' },
  ...DATABASE_VARIABLES,
  {
    name: 'ADMIN_TOKEN',
    default: 'generated, kept in `DATA_DIR/admin-token`',
    meaning: 'Bearer token for mutations and other protected fields; it has all scopes.',
  },
  {
    name: 'ADMIN_TOKENS',
    default: '`ADMIN_TOKEN`',
    meaning:
      'Comma-separated admin tokens that are all valid, so that one can be replaced without an interruption: set `NEW,OLD`, then `NEW`. Commands use the first.',
  },
  {
    name: 'AFTERIMAGE_URL',
    default: 'none',
    meaning: 'Commands work on the service at this address instead of the data directory or database of this machine.',
  },
  { name: 'AFTERIMAGE_TOKEN', default: 'none', meaning: 'The token that commands use there.' },
  {
    name: 'PUBLIC_READS',
    default: 'on',
    meaning:
      '`off`: reading the catalogue needs a token with scope catalogue:read, and so do picture addresses that anybody can make up: `/i/…`, `/f/…` and keys without a version. A picture whose versioned URL a query returned needs none, so that a CDN can deliver it.',
  },
  {
    name: 'AUDIT_DAYS',
    default: '365',
    meaning: 'Days for which entries of the audit log are kept, at least 1.',
  },
  ...JWT_VARIABLES,
  {
    name: 'URL_SECRET',
    default: 'generated, kept in `DATA_DIR/url-secret`',
    meaning: 'Key for the versions in image URLs and upload URLs; the same in all processes.',
  },
  {
    name: 'URL_SECRETS',
    default: '`URL_SECRET` alone',
    meaning:
      'Instead of `URL_SECRET`, to rotate it: up to four secrets, comma-separated. URLs are accepted with any, and issued with the first that every live process accepts.',
  },
  {
    name: 'PUBLIC_URL',
    default: '`http://HOST:PORT`',
    meaning:
      'Address of this API as clients reach it, for the URLs of uploads: that of the proxy or load balancer in production.',
  },
  {
    name: 'PUBLIC_IMAGE_URL',
    default: '`PUBLIC_URL/images`',
    meaning: 'Prefix of every image URL: the CDN in production.',
  },
  { name: 'PRESETS_FILE', default: 'presets.json', meaning: 'The presets; watermark paths in it are relative to it.' },
  { name: 'LAYOUTS_FILE', default: 'layouts.json', meaning: 'The layouts of family previews, likewise.' },
  {
    name: 'SYNONYMS_FILE',
    default: 'search/synonyms.txt',
    meaning: 'Synonyms: the words that searches match in addition to their own.',
  },
  { name: 'RENDERERS', default: 'one per core', meaning: 'Renderer processes of each API or worker process.' },
  {
    name: 'SUPERSEDED_DAYS',
    default: '30',
    meaning:
      'Days after which pictures of an older source or preset, or of a removed preset or layout, are deleted; 0: within the hour.',
  },
  {
    name: 'TRANSFORM_DAYS',
    default: '30',
    meaning: "Days without a request to this service after which a transform's picture is deleted; 0: within the hour.",
  },
  ...LIMIT_VARIABLES,
  ...BUCKET_VARIABLES,
  ...AWS_VARIABLES,
  {
    name: 'WEBHOOK_PRIVATE_HOSTS',
    default: 'none',
    meaning:
      'Hosts of your own network, comma-separated, that webhooks may call: over http too, and at private addresses. This machine only if `localhost` or its address is listed.',
  },
  {
    name: 'TRUSTED_PROXIES',
    default: 'none',
    meaning:
      'Addresses and networks of your proxies, comma-separated, whose header is trusted for the client address: limits are counted, and renderers shared, by address.',
  },
  {
    name: 'CLIENT_ADDRESS_HEADER',
    default: 'X-Forwarded-For',
    meaning:
      'The header in which those proxies send the client address, such as `X-Forwarded-For`, `X-Real-IP` or `CloudFront-Viewer-Address`. They must overwrite it, or append to it.',
  },
  {
    name: 'CORS_ORIGINS',
    default: '`*`',
    meaning:
      'Comma-separated origins whose pages may use GraphQL from a browser, including with credentials. `*` allows any origin, without credentials.',
  },
  {
    name: 'GRAPHQL_MAX_AGE_S',
    default: '60',
    meaning:
      'Seconds for which browsers and CDNs may cache the response to a GraphQL query over GET without a token; 0: they revalidate every time.',
  },
  {
    name: 'GRAPHQL_INTROSPECTION',
    default: 'on',
    meaning:
      '`off`: clients cannot read the schema, neither by introspection nor at `/schema.graphql`, and errors contain no suggestions.',
  },
  {
    name: 'NODE_ENV',
    default: 'none',
    meaning: '`production`, as in the container image: no GraphiQL, and no suggestions of names in errors.',
  },
  {
    name: 'WARM_PAGES',
    default: 'on',
    meaning: '`off`: when GraphQL returns URLs of missing pictures, workers do not render them ahead of the browser.',
  },
  {
    name: 'WORKER_NICENESS',
    default: '10',
    meaning:
      'Scheduling niceness of workers and their renderers, so that an API on the same machine has precedence: 0 (equal) to 19.',
  },
  ...OPERATIONS_VARIABLES,
  ...TRACING_VARIABLES,
  { name: 'DEMO', default: 'on', meaning: '`off`: `npm start` starts with an empty catalogue.' },
] as const
