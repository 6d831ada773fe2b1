import { integer, onOrOff, type Read, url } from './values.ts'

/**
 * Connections of a process to Postgres, in addition to one for each renderer. Locks hold one each: for an API's requests one for each
 * renderer and two more, for a worker's ten jobs two each; the work under a lock briefly needs another one. With fewer, all connections
 * could be held by locks that wait for each other.
 */
const ADDITIONAL_CONNECTIONS = 24
const ADDITIONAL_CONNECTIONS_MIN = 6

/** The environment variables for the database: a part of variables.ts. */
export const DATABASE_VARIABLES = [
  { name: 'DATABASE_URL', default: 'embedded Postgres', meaning: '`postgres://…`: use this Postgres instead.' },
  {
    name: 'MIGRATE',
    default: '`on` with the embedded Postgres, else `off`',
    meaning:
      'Whether a process that starts applies the migrations of its release to the database. With `off` it refuses to start while some are pending: run `npx afterimage migrate --apply` first. An empty database is always set up.',
  },
  {
    name: 'DATABASE_CONNECTIONS',
    default: `\`RENDERERS\` + ${ADDITIONAL_CONNECTIONS}`,
    meaning:
      'Maximum number of connections to Postgres per process, in addition to one for notifications and, in an API, three for searches and four for pictures.',
  },
] as const

export interface DatabaseConfig {
  /** Null: the embedded Postgres in `dataDir`. */
  readonly databaseUrl: string | null
  /** Maximum per process, in addition to its listening connection. */
  readonly databaseConnections: number
  /** A process that starts may apply pending migrations to a database that is not empty. */
  readonly mayMigrate: boolean
}

/** From the environment. */
export function readDatabaseConfig(
  read: Read<typeof DATABASE_VARIABLES>,
  { renderers }: { renderers: number },
): DatabaseConfig {
  const postgres = url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/name')
  const databaseUrl = read<string | null>('DATABASE_URL', null, postgres)
  const databaseConnections = read<number>(
    'DATABASE_CONNECTIONS',
    renderers + ADDITIONAL_CONNECTIONS,
    integer(renderers + ADDITIONAL_CONNECTIONS_MIN, 1000),
  )
  // The embedded Postgres has one user, who has just installed this release.
  const mayMigrate = read<boolean>('MIGRATE', databaseUrl === null, onOrOff)
  return { databaseUrl, databaseConnections, mayMigrate }
}
