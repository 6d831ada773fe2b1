import { toStorable } from './text.ts'

/**
 * The error catalogue: every code that a client, a vendor or an operator can see, with its HTTP status. docs/errors.md is generated from
 * it.
 */
export const ERRORS = {
  BAD_INPUT: { status: 400, meaning: 'An argument, a body or a file is invalid; the message says which, and why.' },
  GRAPHQL_VALIDATION_FAILED: {
    status: 400,
    meaning: 'A GraphQL document does not match the schema; the message and `locations` say where.',
  },
  PERSISTED_QUERY_NOT_FOUND: {
    status: 200,
    meaning:
      'No document with this hash is cached: send it once with its text. Clients that support persisted queries do so automatically.',
  },
  REQUEST_TIMEOUT: { status: 408, meaning: 'The request did not arrive whole within the time limit.' },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    meaning: 'The content type or coding of the body is not one that the URL accepts.',
  },
  FORBIDDEN: {
    status: 403,
    meaning: 'The field or URL requires a token with its scope, or the token is expired, revoked or unknown.',
  },
  NOT_FOUND: { status: 404, meaning: 'There is no such object, or the URL was never issued.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    meaning: 'The URL does not support this method; the header Allow lists those that it supports.',
  },
  GONE: { status: 410, meaning: 'The item was taken down.' },
  RATE_LIMITED: {
    status: 429,
    meaning:
      'This token or address has used up a limit, which the message names; try again after Retry-After seconds. What is left is in the header RateLimit.',
  },
  QUOTA: {
    status: 403,
    meaning: 'The vendor would have more items or bytes in the catalogue than its quota; the message has the numbers.',
  },
  BUSY: { status: 503, meaning: 'All renderers are busy and the queue is full; try again after Retry-After seconds.' },
  SLOW: {
    status: 503,
    meaning: 'The picture takes longer to render than a request may; a worker renders it next.',
    remedy: 'Wait for a worker to render it; if none is running, start one.',
  },
  UNAVAILABLE: {
    status: 503,
    meaning: 'The database, a store or the CDN does not respond correctly; the log has the cause.',
  },
  RESTARTING: {
    status: 503,
    meaning: 'This API process is stopping; connect again after retryAfterS, which leads to another one.',
  },
  CONFIG: { status: 500, meaning: 'The process refuses to start; the message names every invalid variable.' },
  IN_USE: { status: 500, meaning: 'A port or data directory is in use by another process.' },
  INTERNAL: { status: 500, meaning: 'A bug: the log has its stack.' },
  SOURCE_MISSING: {
    status: 422,
    meaning: 'The original is not in the originals store.',
    remedy: 'Put the original back into the originals store, or have the vendor upload it again.',
  },
  SOURCE_CHANGED: {
    status: 422,
    meaning: 'The original has changed since it was imported; import it again.',
    remedy: 'Import the catalogue again, or have the vendor upload the file again.',
  },
  NOT_SVG: {
    status: 422,
    meaning: 'The bytes are not an SVG document.',
    remedy: 'Ask the vendor for the drawing as an SVG file.',
  },
  EMPTY: {
    status: 422,
    meaning: 'The file has no bytes.',
    remedy: 'Ask the vendor for the file: the one that was delivered has no content.',
  },
  TOO_LARGE: {
    status: 422,
    meaning: 'The source, or the picture that it describes, exceeds the size limit.',
    remedy: 'Ask the vendor for a smaller file: fewer points, smaller embedded pictures, a smaller stated size.',
  },
  TOO_COMPLEX: {
    status: 422,
    meaning: 'Drawing the document would take more time or memory than the limits allow.',
    remedy: 'Ask the vendor to simplify the drawing: fewer or smaller filters, patterns, masks and copies.',
  },
  TOO_DEEP: {
    status: 422,
    meaning: "The document's elements are nested deeper than the limit.",
    remedy: 'Ask the vendor to flatten the groups of the drawing.',
  },
  BLANK: {
    status: 422,
    meaning: 'The picture has no visible pixel.',
    remedy:
      'Ask the vendor for a corrected file: nothing in it is drawn, or all of it is outside the view box or transparent.',
  },
  UNSUPPORTED: {
    status: 422,
    meaning: 'The renderer does not support the document.',
    remedy: 'Ask the vendor to export the drawing as plain SVG 1.1, with shapes instead of foreign content.',
  },
  TIMEOUT: {
    status: 422,
    meaning: 'The render took longer than its limit and was killed.',
    remedy: 'Ask the vendor to simplify the drawing; a retry only helps if the machine was overloaded.',
  },
  CRASHED: {
    status: 422,
    meaning: 'The render crashed its process.',
    remedy: 'Retry it; if it fails again, ask the vendor to export the drawing again.',
  },
  OUT_OF_MEMORY: {
    status: 422,
    meaning: 'The render needed more memory than its limit and was killed.',
    remedy: 'Ask the vendor to simplify the drawing or to make its embedded pictures smaller.',
  },
  INTERNAL_RENDER: {
    status: 422,
    meaning: 'The document triggered a bug in the renderer: the log has its stack.',
    remedy: 'Retry it after the next release, and report the file: the log has the stack.',
  },
} as const satisfies Record<string, ErrorRow>

/** A row of the catalogue: its HTTP status, what it means, and, for a source that cannot be rendered, what would mend it. */
interface ErrorRow {
  readonly status: number
  readonly meaning: string
  readonly remedy?: string
}

export type ErrorCode = keyof typeof ERRORS

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)

/** What would mend a source that cannot be rendered. @param code as recorded, perhaps by another release */
export function remedyOf(code: string): string {
  const row: ErrorRow | null = isErrorCode(code) ? ERRORS[code] : null
  return row?.remedy ?? 'Ask the vendor for a corrected file, or retry it.'
}

interface AppErrorOptions extends ErrorOptions {
  readonly isLogged?: boolean
  readonly warnings?: readonly string[]
  readonly retryAfterS?: number
}

/**
 * An error with a code of the catalogue. The message names the subject, the value and the remedy; publicSentence is shown to outside
 * clients.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  /** Already logged at the source, once for everything that it affects. */
  readonly isLogged: boolean
  /** What had been left out of the source, or might look different, when it failed: codes of render/child/normalise/names.ts. */
  readonly warnings: readonly string[]
  /** In how many seconds a retry may succeed; null: unknown. */
  readonly retryAfterS: number | null
  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    const { isLogged = false, warnings = [], retryAfterS = null, ...native } = options
    // It quotes external input and is stored in tables.
    super(toStorable(message), native)
    this.name = 'AppError'
    this.code = code
    this.isLogged = isLogged
    this.warnings = warnings
    this.retryAfterS = retryAfterS
  }
  /** HTTP status of the code. */
  get status(): number {
    return ERRORS[this.code].status
  }
}

/** Codes that are a property of the source: an item that has one is quarantined. */
export const isSourceFailure = (error: unknown): error is AppError =>
  error instanceof AppError && ERRORS[error.code].status === 422

/** Codes that may be the machine's fault: worth a second attempt, not a third. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set(['CRASHED', 'INTERNAL_RENDER'])
export const ATTEMPTS_MAX = 2

/** True if no further attempt can help, so that the failure stays until the source or the renderer changes. */
export const isSettled = (code: ErrorCode, attempts: number): boolean =>
  code !== 'SLOW' && (!TRANSIENT.has(code) || attempts >= ATTEMPTS_MAX)

/** Converts any thrown value to an AppError; unknown ones become INTERNAL with the cause. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  return new AppError('INTERNAL', 'Something went wrong in the service; its log has the details.', { cause: error })
}

/** The sentence for outside clients: buckets, hosts and paths stay in the log. */
export const publicSentence = (error: AppError): string =>
  error.code === 'UNAVAILABLE'
    ? 'A store or the database does not respond at the moment; try again in a second.'
    : error.message

/** Why something failed, as it is stored for outside clients: a code and its public sentence. The cause is for the log. */
export function publicReason(error: unknown): string {
  const known = toAppError(error)
  return `${known.code}: ${publicSentence(known)}`
}
