import { availableParallelism } from 'node:os'
import path from 'node:path'
import { type AwsConfig, type CdnSigningKey, readAwsConfig, readCdnSigningKey } from './config/aws.ts'
import { type Buckets, readBuckets } from './config/buckets.ts'
import { type DatabaseConfig, readDatabaseConfig } from './config/database.ts'
import { type JwtConfig, readJwtConfig } from './config/jwt.ts'
import { type LimitsConfig, readLimits } from './config/limits.ts'
import { hostName, type OperationsConfig, readOperations } from './config/operations.ts'
import {
  baseUrl,
  hosts,
  integer,
  networks,
  onOrOff,
  origins,
  Problem,
  pattern,
  secret,
  secrets,
  token,
  tokens,
} from './config/values.ts'
import { AppError } from './errors.ts'
import { type Layouts, readLayouts } from './layouts.ts'
import { readPresets } from './presets.ts'
import { readSynonyms, type Synonyms } from './synonyms.ts'
import { VARIABLES } from './variables.ts'
import type { Presets } from './variant.ts'

/** The repository's own, wherever the program is started. */
const OWN_PRESETS = path.join(import.meta.dirname, '../../presets.json')
const OWN_LAYOUTS = path.join(import.meta.dirname, '../../layouts.json')
const OWN_SYNONYMS = path.join(import.meta.dirname, '../../search/synonyms.txt')

export interface Config extends DatabaseConfig, OperationsConfig {
  readonly port: number
  readonly host: string
  /** Absolute. */
  readonly dataDir: string
  /** All valid, the newest first; empty: stored in `dataDir`. */
  readonly adminTokens: readonly string[]
  /** Whether the catalogue can be read without a token. */
  readonly publicReads: boolean
  readonly auditDays: number
  /** Null: only our own tokens are accepted. */
  readonly jwt: JwtConfig | null
  /** URLs are issued with the first and accepted with any. Null: stored in `dataDir`. */
  readonly urlSecrets: readonly string[] | null
  /** What clients and vendors may use. */
  readonly limits: LimitsConfig
  /** Of this API, as clients see it, without a trailing slash; null: `http://HOST:PORT`. */
  readonly publicUrl: string | null
  /** Without a trailing slash; null: `/images` of `publicUrl`. */
  readonly publicImageUrl: string | null
  readonly presets: Presets
  readonly layouts: Layouts
  readonly synonyms: Synonyms
  /** Sizes in px that transforms are rounded up to, smallest first; empty: transforms are disabled. */
  readonly ladder: readonly number[]
  readonly renderers: number
  /** How long a picture is kept after a newer one has replaced it. */
  readonly supersededDays: number
  /** How long a transform's picture is kept without being requested. */
  readonly transformDays: number
  /** Of the operating system's scheduler. */
  readonly workerNiceness: number
  readonly demo: boolean
  /** Null: directories in `dataDir`. */
  readonly buckets: Buckets | null
  readonly aws: AwsConfig
  /** Null: nothing is invalidated or checked. */
  readonly distributionId: string | null
  /** Signs URLs of private pictures for the CDN; null: the service's own signature is enough. */
  readonly cdnSigningKey: CdnSigningKey | null
  readonly webhookPrivateHosts: readonly string[]
  readonly trustedProxies: readonly string[]
  /** Where they put the client's address. */
  readonly clientAddressHeader: string
  /** Null: all origins, without credentials. */
  readonly corsOrigins: readonly string[] | null
  readonly graphqlMaxAgeS: number
  readonly introspection: boolean
  /** NODE_ENV is `production`: no GraphiQL, and no suggestions in errors. */
  readonly isProduction: boolean
  readonly warmPages: boolean
  /** The service that commands are for; null: this machine's data directory or database. */
  readonly service: { readonly url: string; readonly token: string } | null
  /** The user's working directory: npm runs its scripts in the project. */
  readonly invokedFrom: string
  /** The environment of a child process: this one's, with the database that we chose. */
  readonly childEnv: (databaseUrl: string) => Record<string, string | undefined>
  /** The variables that are set, as given; secrets are among them. */
  readonly settings: Readonly<Partial<Record<VariableName, string>>>
}

type VariableName = (typeof VARIABLES)[number]['name']
type Env = Readonly<Record<string, string | undefined>>

/**
 * Reads the environment into a frozen config. Throws one CONFIG error that names every invalid variable.
 * @param given replaces what would be read from files: a restarted worker has to use its parent's presets
 */
export function loadConfig(env: Env = process.env, given?: Pick<Config, 'presets' | 'layouts' | 'ladder'>): Config {
  const problems: string[] = []
  const read = <T>(name: VariableName, fallback: T, parse: (text: string) => T | Problem): T => {
    const text = env[name]?.trim()
    if (!text) return fallback
    const value = parse(text)
    if (!(value instanceof Problem)) return value
    problems.push(`${name}=${secret(name, text)}: ${value.sentence}`)
    return fallback
  }

  const fileOf = (name: 'PRESETS_FILE' | 'LAYOUTS_FILE' | 'SYNONYMS_FILE', own: string) =>
    path.resolve(read(name, own, (text) => text))
  const readFiles = () => {
    const { presets, ladder, problems: ofPresets } = readPresets(fileOf('PRESETS_FILE', OWN_PRESETS))
    const { layouts, problems: ofLayouts } = readLayouts(fileOf('LAYOUTS_FILE', OWN_LAYOUTS))
    problems.push(...ofPresets.map((problem) => `PRESETS_FILE: ${problem}`))
    problems.push(...ofLayouts.map((problem) => `LAYOUTS_FILE: ${problem}`))
    return { presets, layouts, ladder }
  }
  const { presets, layouts, ladder } = given ?? readFiles()
  const { synonyms, problems: ofSynonyms } = readSynonyms(fileOf('SYNONYMS_FILE', OWN_SYNONYMS))
  problems.push(...ofSynonyms.map((problem) => `SYNONYMS_FILE: ${problem}`))

  const serviceUrl = read('AFTERIMAGE_URL', null, baseUrl('https://api.example.com'))
  const together = (a: string, b: string) => {
    if (!env[a]?.trim() !== !env[b]?.trim()) problems.push(`${a} and ${b} belong together: set both, or neither.`)
  }
  together('ORIGINALS_BUCKET', 'PREVIEWS_BUCKET')
  together('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY')
  together('CDN_KEY_PAIR_ID', 'CDN_PRIVATE_KEY')
  const buckets = readBuckets(read, (problem) => problems.push(problem))

  const urlSecret = read('URL_SECRET', null, token)
  const urlSecrets = read('URL_SECRETS', null, secrets)
  if (urlSecret !== null && urlSecrets !== null)
    problems.push('URL_SECRET and URL_SECRETS are both set: put the secret into URL_SECRETS, and remove URL_SECRET.')

  const jwt = readJwtConfig(read)
  together('JWKS_URL', 'JWT_ISSUER')
  together('JWKS_URL', 'JWT_AUDIENCE')

  const adminToken = read('ADMIN_TOKEN', null, token)
  const port = read('PORT', 4000, integer(0, 65535))
  const renderers = read('RENDERERS', availableParallelism(), integer(1, 256))
  const database = readDatabaseConfig(read, { renderers })
  const config: Config = {
    port,
    host: read('HOST', '127.0.0.1', hostName),
    dataDir: path.resolve(read('DATA_DIR', '.afterimage', (text) => text)),
    ...database,
    urlSecrets: urlSecrets ?? (urlSecret === null ? null : [urlSecret]),
    adminTokens: [...new Set([...read('ADMIN_TOKENS', [], tokens), ...(adminToken ? [adminToken] : [])])],
    publicReads: read('PUBLIC_READS', true, onOrOff),
    auditDays: read('AUDIT_DAYS', 365, integer(1, 3650)),
    jwt,
    limits: readLimits(read),
    publicUrl: read('PUBLIC_URL', null, baseUrl('https://api.example.com')),
    publicImageUrl: read('PUBLIC_IMAGE_URL', null, baseUrl('https://images.example.com')),
    presets,
    layouts,
    synonyms,
    ladder,
    renderers,
    supersededDays: read('SUPERSEDED_DAYS', 30, integer(0, 3650)),
    transformDays: read('TRANSFORM_DAYS', 30, integer(0, 3650)),
    workerNiceness: read('WORKER_NICENESS', 10, integer(0, 19)),
    ...readOperations(read),
    service: serviceUrl === null ? null : { url: serviceUrl, token: read('AFTERIMAGE_TOKEN', '', (text) => text) },
    demo: read('DEMO', true, onOrOff),
    buckets,
    aws: readAwsConfig(read),
    distributionId: read(
      'CLOUDFRONT_DISTRIBUTION_ID',
      null,
      pattern(/^[A-Z0-9]{1,32}$/, 'a distribution id like E2QWRUHAPOMQZL'),
    ),
    cdnSigningKey: readCdnSigningKey(read),
    webhookPrivateHosts: read('WEBHOOK_PRIVATE_HOSTS', [], hosts),
    trustedProxies: read('TRUSTED_PROXIES', [], networks),
    clientAddressHeader: read(
      'CLIENT_ADDRESS_HEADER',
      'X-Forwarded-For',
      pattern(/^[\w-]{1,100}$/, 'the name of a header'),
    ),
    corsOrigins: read('CORS_ORIGINS', null, origins),
    graphqlMaxAgeS: read('GRAPHQL_MAX_AGE_S', 60, integer(0, 86_400)),
    introspection: read('GRAPHQL_INTROSPECTION', true, onOrOff),
    isProduction: read('NODE_ENV', false, (text) => text === 'production'),
    warmPages: read('WARM_PAGES', true, onOrOff),
    invokedFrom: env.INIT_CWD ?? '.',
    childEnv: (url) => ({ ...env, DATABASE_URL: url, MIGRATE: database.mayMigrate ? 'on' : 'off' }),
    settings: Object.fromEntries(
      VARIABLES.flatMap(({ name }) => (env[name]?.trim() ? [[name, env[name].trim()]] : [])),
    ),
  }
  if (problems.length > 0) {
    const lines = problems.map((problem) => `  ${problem}`).join('\n')
    throw new AppError('CONFIG', `The configuration is invalid:\n${lines}`)
  }
  return Object.freeze(config)
}
