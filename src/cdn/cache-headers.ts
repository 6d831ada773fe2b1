import { CACHE_TAG_HEADER } from '../core/cache-tags.ts'
import type { AppError } from '../core/errors.ts'

/** How long a CDN or browser may cache a response. */
export const CACHE = {
  /** A version identifies its bytes, so it never needs to be revalidated. Also stored with the object. */
  immutable: 'public, max-age=31536000, immutable',
  /**
   * A redirect from the key of an older URL secret. A day, not for ever: it must not outlive the newer secret, should a rotation be
   * undone.
   */
  moved: 'public, max-age=86400',
  /** For responses that may change soon: a redirect to the current version, a path that was never issued, a broken source. */
  shortTtl: 'public, max-age=60',
  /** For signed pictures: only the browser that was given the URL keeps it, for as long as it is valid at least. */
  private: 'private, max-age=600',
  never: 'no-store',
} as const

/** Carries the code of an error, whatever the body is. */
const ERROR_HEADER = 'x-afterimage-error'

const ALLOWED = 'GET, HEAD, OPTIONS'

/** Headers of every response of the origin handler, whatever its status. */
export function answerHeaders(answer: {
  cache?: string
  md5?: string
  cacheTags?: readonly string[]
  allow?: boolean
  error?: AppError
}): Record<string, string> {
  const headers: Record<string, string> = {
    'x-content-type-options': 'nosniff',
    'access-control-allow-origin': '*',
    // Refusals for a single viewer and temporary errors must not be cached for others.
    'cache-control': answer.cache ?? (answer.error && isLasting(answer.error) ? CACHE.shortTtl : CACHE.never),
  }
  if (answer.md5) headers.etag = `"${answer.md5}"`
  if (answer.cacheTags) headers[CACHE_TAG_HEADER] = answer.cacheTags.join(',')
  if (answer.allow || answer.error?.code === 'METHOD_NOT_ALLOWED') headers.allow = ALLOWED
  if (answer.allow) headers['access-control-allow-methods'] = ALLOWED
  // The body may be a placeholder picture.
  if (answer.error) headers[ERROR_HEADER] = answer.error.code
  if (answer.error?.status === 503) headers['retry-after'] = '1'
  if (answer.error?.status === 429) headers['retry-after'] = String(answer.error.retryAfterS ?? 60)
  return headers
}

const isLasting = ({ status }: AppError): boolean => status < 500 && status !== 429
