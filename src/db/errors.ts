import { AppError } from '../core/errors.ts'
import { causes } from '../core/log.ts'

/**
 * SQLSTATEs that blame the server and not the statement: connections (08), no room for more of them or no disk (53),
 * shutdown and start (57P01 to 57P05), its files (58), a standby or a server switched to reading (25006), an account or a
 * database that is not let in any more (28, 3D000). https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SERVER = /^(?:08...|53...|57P0[1-5]|58...|25006|28...|3D000)$/
/** Two transactions in each other's way: the loser need only try again. Nothing is wrong with the server. */
const CONFLICT = /^(?:40001|40P01|55P03)$/
/** What sockets say, on the way to a server and on a connection that was there. */
const SOCKET =
  /^(?:ECONN(?:REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|E(?:HOST|NET)(?:UNREACH|DOWN)|ENOTFOUND|EAI_AGAIN|EADDRNOTAVAIL)$/
/** What pg says without a code: of a connection that is gone or was cut, and of a pool that has none to give. */
const CONNECTION =
  /^(?:Connection terminated|Client (?:has encountered|was closed)|Query read timeout|timeout exceeded when)/
/** What Prisma says by itself of its transactions: https://www.prisma.io/docs/orm/reference/error-reference */
const PRISMA = /^(?:P1001|P1002|P1008|P1017|P2024|P2028|P2034|P2037)$/

export const TOO_MANY_CONNECTIONS = '53300'

export const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '')

/** The client's own limit of a statement has passed: the server is frozen, or the way to it is cut. */
export const isTimeout = (error: unknown): boolean => (error as Error | null)?.message === 'Query read timeout'

/** Whether an error of the driver or the pool is about the server or the way there. */
export const isServerTrouble = (error: unknown): boolean => {
  const code = codeOf(error)
  return SERVER.test(code) || SOCKET.test(code) || CONNECTION.test((error as Error | null)?.message ?? '')
}

/**
 * The one place that tells a database in trouble (UNAVAILABLE) from a statement that is wrong, for whatever pg, its pool or
 * Prisma throw. What is no trouble comes back as it is, for whoever asks for its code; at a door it is INTERNAL, a bug.
 */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) return error
  if (isServerTrouble(error) || PRISMA.test(codeOf(error))) return unavailable(error)
  if (CONFLICT.test(codeOf(error)))
    return new AppError('UNAVAILABLE', `Another change was in the way (${causes(error)}); try again.`, { cause: error })
  // Prisma keeps the code of what its pool threw, not the error.
  if (codeOf(error) === 'UNAVAILABLE') return unavailable((error as Error).cause ?? error)
  return error
}

/** The process's monitor logs what is wrong, once: see monitor.ts. */
export const unavailable = (cause: unknown): AppError =>
  new AppError('UNAVAILABLE', `The database does not answer as it must (${causes(cause)}).`, { cause, isLogged: true })

/** UNAVAILABLE because of the database, not of a store. */
export const isDatabaseUnavailable = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'UNAVAILABLE' && error.isLogged
