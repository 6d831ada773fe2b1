import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerHeaders, CACHE } from '../cdn/cache-headers.ts'
import { findComposite } from '../composites/find.ts'
import { AppError, publicSentence, toAppError } from '../core/errors.ts'
import { logFailure } from '../core/log-failure.ts'
import { mimeTypeOf } from '../core/variant.ts'
import type { DeliveryCounts } from '../diagnose/delivery-counts.ts'
import { ANSWER_LIMIT_MS, type Delivered } from '../variants/ensure.ts'
import { createVariantFinder, type IssuedImage } from '../variants/find.ts'

type Origin = Parameters<typeof createVariantFinder>[0] &
  Parameters<typeof findComposite>[0] & { readonly deliveries: DeliveryCounts }

/**
 * The origin that the CDN asks for pictures missing in the bucket: GET, HEAD and OPTIONS of a variant's or composite's key
 * below `/images/`.
 * Answers a whole picture, 302 to the current one, 304, 404, 405, 410, 422, or 503 with Retry-After; see cache-headers.ts.
 * @param options.answerMs how long a response may take; a late picture is made all the same, for the next request
 */
export function createOriginHandler(origin: Origin, { answerMs = ANSWER_LIMIT_MS }: { answerMs?: number } = {}) {
  const findVariant = createVariantFinder(origin)

  return async function handle(request: IncomingMessage, response: ServerResponse, key: string): Promise<void> {
    try {
      await answer(request, response, key)
    } catch (error) {
      refuse(request, response, error)
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse, key: string): Promise<void> {
    if (request.method === 'OPTIONS') return end(response, 204, answerHeaders({ cache: CACHE.shortTtl, allow: true }))
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new AppError('METHOD_NOT_ALLOWED', `Pictures are read with GET, HEAD and OPTIONS, not ${request.method}.`)
    }
    const found = (await findVariant(key)) ?? (await findComposite(origin, key))
    if (!found) throw new AppError('NOT_FOUND', 'No picture was issued at this address.')
    if (found.freshness === 'current') return await answerPicture(request, response, { found, key })
    // Made before redirecting to it: a redirect never leads to a missing object.
    redirect(response, found.keyOf(await ensureInTime(found)))
  }

  async function answerPicture(
    request: IncomingMessage,
    response: ServerResponse,
    { found, key }: { found: IssuedImage; key: string },
  ): Promise<void> {
    const { image, cacheTags } = found
    const known = request.headers['if-none-match']
    if (known && image && matches(known, image.md5)) {
      origin.deliveries.count(image.isFresh ? 'made' : 'stored')
      return end(response, 304, answerHeaders({ cache: CACHE.immutable, md5: image.md5, cacheTags }))
    }
    const delivered = await ensureInTime(found)
    const current = found.keyOf(delivered)
    if (current !== key) return redirect(response, current)
    const { bytes, md5, wasStored } = delivered
    origin.deliveries.count(wasStored ? 'stored' : 'made')
    const headers = answerHeaders({ cache: CACHE.immutable, md5, cacheTags })
    if (known && matches(known, md5)) return end(response, 304, headers)
    const picture = { ...headers, 'content-type': mimeTypeOf(found.format), 'content-length': bytes.length }
    end(response, 200, picture, request.method === 'HEAD' ? undefined : bytes)
  }

  async function ensureInTime(found: IssuedImage): Promise<Delivered> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => late.reject(new AppError('BUSY', 'This picture is still being made; try again in a second.')),
      answerMs,
    )
    return await Promise.race([found.ensure(), late.promise]).finally(() => clearTimeout(timer))
  }
}

/** If-None-Match compares weakly, and may hold a list or `*`. */
const matches = (header: string, md5: string) =>
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === `"${md5}"`)

/** Old and new key are in the same folder, so a relative redirect works for any host and prefix that the viewer sees. */
const redirect = (response: ServerResponse, key: string) =>
  end(response, 302, { ...answerHeaders({ cache: CACHE.shortTtl }), location: key.slice(key.lastIndexOf('/') + 1) })

function end(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | number>,
  body?: Buffer | string,
): void {
  response.writeHead(status, headers).end(body)
}

function refuse(request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
  const error = toAppError(thrown)
  if (error.status >= 500 && error.code !== 'BUSY')
    logFailure('a picture could not be delivered', error, { severity: 'error', url: request.url, code: error.code })
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body = `${error.code}: ${publicSentence(error)}\n`
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...answerHeaders({ error }),
  }
  end(response, error.status, headers, request.method === 'HEAD' ? undefined : body)
}
