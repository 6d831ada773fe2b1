import { type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { CACHE_TAG_HEADER, SOURCE_HASH_HEADER } from '../../src/core/cache-tags.ts'
import { listen } from './setup.ts'

/** Settings of CloudFront; the defaults are those of `deploy/cdn.nginx.conf` too. */
export interface CdnOptions {
  /** Each has its own cache and port. */
  readonly edges?: number
  /** Requested first: `http://host:port/bucket`. The headers are added by the CDN, as origin access control does. */
  readonly primary: Origin & { readonly headers?: Record<string, string> }
  /** Requested when the first one fails: `http://host:port/images`. */
  readonly failover: Origin
  readonly failoverOn?: readonly number[]
  readonly errorCachingMinTtlS?: number
  /** In ms. */
  readonly now?: () => number
  /** Who closes it; by default the running test. */
  readonly onClose?: (close: () => void) => void
}

interface Origin {
  readonly url: string
  /** Time limit of a silent origin, including connecting. */
  readonly readTimeoutMs?: number
}

export const FAILOVER_ON = [404, 500, 502, 503, 504] as const

type OriginName = 'bucket' | 'handler'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly from: OriginName
}

interface VariantSpec {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
}

type Stored = Answer & { readonly storedAt: number; readonly expiresAt: number }

/** One request of an edge to an origin; status null: no response. */
export interface OriginRequest {
  readonly edge: number
  readonly origin: OriginName
  readonly method: string
  readonly path: string
  readonly status: number | null
}

const METHODS = ['GET', 'HEAD', 'OPTIONS']
/** The only errors whose `no-store` CloudFront honours; it caches all others for ErrorCachingMinTTL. */
const NO_STORE_HONOURED = [404, 410, 414, 501]
const NOT_FORWARDED = ['connection', 'keep-alive', 'transfer-encoding']
/** The headers of a preflight that a bucket needs; no other header of the viewer goes to an origin. */
const PREFLIGHT = ['origin', 'access-control-request-method', 'access-control-request-headers']

/**
 * A CDN that behaves as CloudFront with an origin group does, over real HTTP: the bucket first on each miss, the handler on a failure; a
 * cache and request collapsing per edge; errors cached by CloudFront's own rules; invalidation by path and tag. Not simulated, because
 * nothing here depends on it: ranges, compression, revalidation and stale responses, regional caches.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html
 */
export async function openCdn(options: CdnOptions) {
  const { edges = 1, failoverOn = FAILOVER_ON, errorCachingMinTtlS = 0, now = Date.now } = options
  const requests: OriginRequest[] = []
  const caches = Array.from({ length: edges }, () => new Map<string, Stored>())

  const urls = await Promise.all(caches.map((cache, edge) => openEdge(cache, edge)))

  async function openEdge(cache: Map<string, Stored>, edge: number) {
    const flights = new Map<string, Promise<Stored>>()

    return await listen((viewer, response) => {
      answer(viewer, response).catch(() => response.writeHead(502, { 'x-cache': 'Error from edge' }).end())
    }, options.onClose)

    async function answer(viewer: IncomingMessage, response: ServerResponse): Promise<void> {
      const { method = 'GET' } = viewer
      // Query, cookies and other headers of the viewer are neither forwarded nor part of the key.
      const [path = '/'] = (viewer.url ?? '/').split('?', 1)
      if (!METHODS.includes(method)) return void response.writeHead(403).end()
      const kept = find(method, path)
      if (kept) return reply(viewer, response, { ...kept, cache: 'Hit from edge' })
      const key = keyOf(method, path)
      const flight =
        flights.get(key) ??
        fetchAndKeep(key, { method, path, headers: forwarded(viewer) }).finally(() => flights.delete(key))
      flights.set(key, flight)
      reply(viewer, response, { ...(await flight), cache: 'Miss from edge' })
    }

    /** Fresh responses. A cached GET answers HEAD too, but not the other way round. */
    function find(method: string, path: string): Stored | null {
      const keys = method === 'HEAD' ? [keyOf('GET', path), keyOf(method, path)] : [keyOf(method, path)]
      return keys.map((each) => cache.get(each)).find((stored) => stored && stored.expiresAt > now()) ?? null
    }

    async function fetchAndKeep(key: string, want: VariantSpec): Promise<Stored> {
      const answer = await askGroup(want)
      const storedAt = now()
      const stored = { ...answer, storedAt, expiresAt: storedAt + ttlS(answer, errorCachingMinTtlS) * 1000 }
      if (want.method !== 'OPTIONS') cache.set(key, stored)
      return stored
    }

    /** The origin group is stateless, so each miss requests the bucket first. */
    async function askGroup(want: VariantSpec): Promise<Answer> {
      const first = await ask('bucket', want).catch(() => null)
      if (first && !failoverOn.includes(first.status)) return first
      return await ask('handler', want)
    }

    async function ask(origin: OriginName, { method, path, headers }: VariantSpec): Promise<Answer> {
      const {
        url,
        readTimeoutMs = 30_000,
        headers: own,
      } = { headers: {}, ...(origin === 'bucket' ? options.primary : options.failover) }
      try {
        const answer = await send(`${url}${path}`, {
          method,
          headers: { ...headers, ...own },
          timeoutMs: readTimeoutMs,
        })
        requests.push({ edge, origin, method, path, status: answer.status })
        return { ...answer, from: origin }
      } catch (error) {
        requests.push({ edge, origin, method, path, status: null })
        throw error
      }
    }

    function reply(viewer: IncomingMessage, response: ServerResponse, answer: Stored & { cache: string }): void {
      const headers: Record<string, string | string[] | undefined> = { ...answer.headers }
      for (const name of NOT_FORWARDED) delete headers[name]
      headers['x-cache'] = answer.cache
      headers['x-answered-by'] = answer.from
      headers.age = String(Math.floor((now() - answer.storedAt) / 1000))
      // The response headers policy: sets two, and removes one that only the bucket sends.
      headers['x-content-type-options'] = 'nosniff'
      headers['access-control-allow-origin'] = '*'
      delete headers[SOURCE_HASH_HEADER]
      const known = viewer.headers['if-none-match']
      const isKnown = answer.status === 200 && known !== undefined && known === answer.headers.etag
      if (isKnown) delete headers['content-length']
      response.writeHead(isKnown ? 304 : answer.status, headers)
      response.end(viewer.method === 'HEAD' || isKnown ? undefined : answer.body)
    }
  }

  return {
    /** `http://host:port` of each edge; append the key of a picture. */
    urls,
    /** All requests of the edges to the origins, in the order of the responses. */
    requests: requests as readonly OriginRequest[],
    /**
     * Invalidates on all edges. @param what.paths `/key`, or a prefix that ends in `*`
     * @param what.tags as in the objects' cache tags
     */
    invalidate(what: { paths?: readonly string[]; tags?: readonly string[] }): void {
      const { paths = [], tags = [] } = what
      const isInvalidated = (path: string, { headers }: Stored) =>
        paths.some((each) => (each.endsWith('*') ? path.startsWith(each.slice(0, -1)) : path === each)) ||
        tagsOf(headers).some((tag) => tags.includes(tag))
      for (const cache of caches)
        for (const [key, stored] of cache) if (isInvalidated(key.slice(key.indexOf(' ') + 1), stored)) cache.delete(key)
    },
  }
}

const keyOf = (method: string, path: string) => `${method} ${path}`

function forwarded({ method, headers }: IncomingMessage): Record<string, string> {
  const named = method === 'OPTIONS' ? PREFLIGHT : []
  return Object.fromEntries(named.flatMap((name) => (headers[name] ? [[name, String(headers[name])]] : [])))
}

const tagsOf = (headers: IncomingHttpHeaders) => String(headers[CACHE_TAG_HEADER] ?? '').split(',')

/**
 * How long CloudFront caches a response, with a MinTTL and DefaultTTL of 0.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html
 */
function ttlS({ status, headers }: Answer, errorCachingMinTtlS: number): number {
  const cacheControl = headers['cache-control'] ?? ''
  const maxAge = /(?:s-maxage|max-age)=(\d+)/.exec(cacheControl)?.[1]
  const isNotToBeKept = /no-store|no-cache|private/.test(cacheControl)
  if (status < 400) return isNotToBeKept ? 0 : Number(maxAge ?? 0)
  if (isNotToBeKept && NO_STORE_HONOURED.includes(status)) return 0
  return Math.max(errorCachingMinTtlS, Number(maxAge ?? 0))
}

/** One complete request. Rejects if nobody listens or nothing arrives within the limit. */
function send(
  url: string,
  options: { method: string; headers: Record<string, string>; timeoutMs: number },
): Promise<Omit<Answer, 'from'>> {
  return new Promise((resolve, reject) => {
    const { method, headers, timeoutMs } = options
    const asking = request(url, { method, headers, timeout: timeoutMs }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      )
    })
    asking.on('timeout', () => asking.destroy(new Error(`${url} did not answer in ${timeoutMs} ms`)))
    asking.on('error', reject)
    asking.end()
  })
}

/** Headers of a picture that must be the same from both origins, without those that identify the responder and the time. */
export function lastingHeaders(response: Response): Record<string, string> {
  const passing =
    /^(date|connection|keep-alive|server|age|x-cache|x-answered-by|last-modified|accept-ranges|x-request-id|x-amz-(request-)?id.*)$/
  return Object.fromEntries([...response.headers].filter(([name]) => !passing.test(name)))
}
