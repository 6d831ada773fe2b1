import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Plugin } from 'graphql-yoga'
import type { Config } from '../../core/config.ts'
import { hasEtag } from '../../core/etag.ts'

/**
 * Lets browsers and CDNs cache the responses to public queries: those over GET, without a token and without an error. A response that
 * they still have is revalidated rather than sent again.
 * @param config.graphqlMaxAgeS how long they may use it without revalidating
 * @param config.corsOrigins the origins that http/cors.ts distinguishes; null: none
 */
export function createHttpCache({ graphqlMaxAgeS, corsOrigins }: Pick<Config, 'graphqlMaxAgeS' | 'corsOrigins'>) {
  const cacheable = new WeakSet<Request>()
  // It replaces the header that http/cors.ts and http/graphql.ts have set.
  const vary = `Authorization, Accept, Accept-Encoding${corsOrigins ? ', Origin' : ''}`
  const plugin: Plugin = {
    onResultProcess({ request, result }) {
      const isAnonymous = request.method === 'GET' && !request.headers.has('authorization')
      if (isAnonymous && 'data' in result && !('errors' in result && result.errors)) cacheable.add(request)
    },
  }
  return {
    /** Notes which requests have a cacheable result. */
    plugin,
    /** The response with its headers for caches, or 304. */
    async finish(
      response: Response,
      { request, res }: { request: Request; res: Pick<ServerResponse, 'removeHeader'> },
    ): Promise<Response> {
      if (!cacheable.has(request) || response.status !== 200) return response
      // They are about one client, and caches share the response.
      for (const name of ['ratelimit', 'ratelimit-policy']) res.removeHeader(name)
      const body = await response.text()
      // Weak, because compressed and plain bodies share it.
      const etag = `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
      const headers = {
        etag,
        'cache-control': `public, max-age=${graphqlMaxAgeS}`,
        vary,
        'content-type': response.headers.get('content-type') ?? 'application/json',
      }
      const isKnown = hasEtag(request.headers.get('if-none-match') ?? '', etag)
      return new Response(isKnown ? null : body, { status: isKnown ? 304 : 200, headers })
    },
  }
}
