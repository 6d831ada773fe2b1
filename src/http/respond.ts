import type { ServerResponse } from 'node:http'
import { answerHeaders, CACHE } from '../cdn/cache-headers.ts'

/**
 * Redirects to a picture. 301: the same picture under the key of a newer URL secret.
 * @param options.isGuarded only some callers may know what is there: nothing is cached
 */
export function redirect(
  response: ServerResponse,
  location: string,
  options: { status?: 301 | 302; cacheTags?: readonly string[]; isGuarded: boolean },
): void {
  const { status = 302, cacheTags, isGuarded } = options
  const cache = isGuarded ? CACHE.never : status === 301 ? CACHE.moved : CACHE.shortTtl
  end(response, status, { ...answerHeaders({ cache, ...(cacheTags ? { cacheTags } : {}) }), location })
}

/** Sends a response. */
export function end(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | number>,
  body?: Buffer | string,
): void {
  response.writeHead(status, headers).end(body)
}
