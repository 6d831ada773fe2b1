import { AppError } from '../core/errors.ts'
import { causes } from '../core/log.ts'

/**
 * SQLSTATEs that mean the server is at fault, not the statement: connections (08), too many connections or a full disk (53), shutdown and
 * start-up (57P01 to 57P05), I/O (58), a standby or read-only server (25006), a rejected account or missing database (28, 3D000).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SERVER = /^(?:08...|53...|57P0[1-5]|58...|25006|28...|3D000)$/
/** Conflicts between transactions: the one that failed only needs to be retried. The server is fine. */
const CONFLICT = /^(?:40001|40P01|55P03)$/
/** Socket errors, while connecting and on an open connection. */
const SOCKET =
  /^(?:ECONN(?:REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|E(?:HOST|NET)(?:UNREACH|DOWN)|ENOTFOUND|EAI_AGAIN|EADDRNOTAVAIL)$/
/** pg errors without a code: closed connections and an exhausted pool. */
const CONNECTION =
  /^(?:Connection terminated|Client (?:has encountered|was closed)|Query read timeout|timeout exceeded when)/
/** Prisma's own connection and transaction errors: https://www.prisma.io/docs/orm/reference/error-reference */
const PRISMA = /^(?:P1001|P1002|P1008|P1017|P2024|P2028|P2034|P2037)$/

export const TOO_MANY_CONNECTIONS = '53300'
const DISK_FULL = '53100'

export const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '')

/** A statement waited longer for a lock than `lock_timeout` allows. */
export const isLockTimeout = (error: unknown): boolean =>
  [error, (error as Error | null)?.cause].some((each) => codeOf(each) === '55P03')

/** A statement exceeded the client's time limit: the server hangs or the network is down. */
export const isTimeout = (error: unknown): boolean => (error as Error | null)?.message === 'Query read timeout'

/** Whether an error of the driver or the pool is about the server or the connection to it. */
export const isServerFault = (error: unknown): boolean => {
  const code = codeOf(error)
  return SERVER.test(code) || SOCKET.test(code) || CONNECTION.test((error as Error | null)?.message ?? '')
}

/**
 * The only place that tells an unavailable database (UNAVAILABLE) from a bad statement, for errors of pg, its pool and Prisma. Other
 * errors are returned unchanged; at the HTTP and GraphQL boundary they become INTERNAL, a bug.
 */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) return error
  if (isServerFault(error) || PRISMA.test(codeOf(error))) return unavailable(error)
  if (CONFLICT.test(codeOf(error)))
    return new AppError('UNAVAILABLE', `The transaction conflicted with another one (${causes(error)}); try again.`, {
      cause: error,
    })
  // Prisma keeps the code of its pool's error, not the error.
  if (codeOf(error) === 'UNAVAILABLE') return unavailable((error as Error).cause ?? error)
  return error
}

/** Not logged here: the process's monitor logs the cause once, see monitor.ts. */
export const unavailable = (cause: unknown): AppError =>
  new AppError('UNAVAILABLE', `The database does not respond correctly (${causes(cause)})${remedyOf(cause)}.`, {
    cause,
    isLogged: true,
  })

/** What helps against a full disk, which nothing else ends; the rest passes by itself, or is said where a process starts. */
const remedyOf = (cause: unknown): string => (codeOf(cause) === DISK_FULL ? ': free room on its disk' : '')

/** The sentence for a process that cannot connect: what Postgres says, and what to do about it. */
export function describeRefusal(host: string, error: unknown): string {
  const [what, remedy] = REFUSALS[codeOf(error)] ?? ['does not answer', 'is DATABASE_URL right?']
  return `Postgres at ${host} ${what} (${causes(error)}): ${remedy}`
}

const ACCOUNT = ['refuses this account', 'are the user and the password in DATABASE_URL right?'] as const
const REFUSALS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  '28P01': ACCOUNT,
  '28000': ACCOUNT,
  '3D000': ['lacks the database', 'create it, or correct its name in DATABASE_URL.'],
  [TOO_MANY_CONNECTIONS]: [
    'has no free connection',
    "raise its max_connections or the role's limit, or lower DATABASE_CONNECTIONS or the number of processes.",
  ],
  [DISK_FULL]: ['has no room left', 'free room on its disk.'],
  '57P03': ['is starting or recovering', 'start again when it is up.'],
}

/** UNAVAILABLE because of the database, not of a store. */
export const isDatabaseUnavailable = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'UNAVAILABLE' && error.isLogged
