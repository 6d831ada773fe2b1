import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Access } from '../access/access.ts'
import { checkSignedPath } from '../access/signed-url.ts'
import { answerHeaders, CACHE } from '../cdn/cache-headers.ts'
import { findComposite, findStableCompositeKey } from '../composites/find.ts'
import type { Config } from '../core/config.ts'
import { AppError, publicSentence, toAppError } from '../core/errors.ts'
import { hasEtag } from '../core/etag.ts'
import { logFailure } from '../core/log-failure.ts'
import { createSecretCheck, ORIGIN_SECRET_HEADER } from '../core/origin-secret.ts'
import { mimeTypeOf, parseCompositeKey, parseVariantKey } from '../core/variant.ts'
import { isPrivateKey, withoutPlace } from '../core/visibility.ts'
import type { DeliveryCounts } from '../diagnose/delivery-counts.ts'
import type { Limits } from '../limits/limits.ts'
import { networkOf } from '../limits/network.ts'
import { inStage } from '../telemetry/stage.ts'
import { ANSWER_LIMIT_MS, type Delivered, type Viewer } from '../variants/ensure.ts'
import { createVariantFinder, type IssuedImage } from '../variants/find.ts'
import { findStableKey } from '../variants/find-stable.ts'
import { isStablePath, parseStablePath } from '../variants/stable-url.ts'
import { createStandIns } from '../variants/stand-ins.ts'
import { createClientAddress } from './client-address.ts'
import { createPictureCounts } from './count-pictures.ts'
import { end, redirect } from './respond.ts'
import { identifySender } from './sender.ts'
import { viewerOf } from './viewer.ts'

type Origin = Parameters<typeof createVariantFinder>[0] &
  Parameters<typeof findComposite>[0] &
  Parameters<typeof createStandIns>[0] & {
    readonly deliveries: DeliveryCounts
    readonly config: Pick<Config, 'trustedProxies' | 'clientAddressHeader' | 'publicReads' | 'aws'>
    readonly access: Access
    readonly limits: Pick<Limits, 'pictures'>
  }

/**
 * The origin handler, which the CDN requests for what the bucket lacks: GET, HEAD and OPTIONS of a variant's or composite's key below
 * `/images/`, and of stable addresses (stable-url.ts) there and at the root. Responds with a whole picture, 301 to its key by a newer URL
 * secret, 302 to the current one, 304, 400,
 * 404, 405, 410, 422, or 429 or 503 with Retry-After and a placeholder picture as its body; see cache-headers.ts. Pictures of PRIVATE
 * items only exist below `/images/_private/`, for signed requests, and no shared cache keeps them. With PUBLIC_READS=off, 403 for whoever
 * makes up an address, which stable ones and those without a version can be: they need a token or a signature, and no cache keeps them.
 * With ORIGIN_SECRET, 403 for whoever goes around the CDN.
 * @param options.answerMs time limit of a response; a picture that takes longer is still made, for the next request
 */
export function createOriginHandler(origin: Origin, { answerMs = ANSWER_LIMIT_MS }: { answerMs?: number } = {}) {
  const findVariant = createVariantFinder(origin)
  const standIns = createStandIns(origin)
  const addressOf = createClientAddress(origin.config)
  const count = createPictureCounts(origin.deliveries)
  const isSecret = createSecretCheck(origin.config.aws.originSecrets)

  return async function handle(request: IncomingMessage, response: ServerResponse, key: string): Promise<void> {
    const viewer = viewerOf(response, addressOf(request))
    const isGuarded = !origin.config.publicReads && canBeMadeUp(key)
    const requested: RequestedPicture = { key, viewer, isGuarded, arrivedAt: performance.now() }
    try {
      await answer(request, response, requested)
    } catch (error) {
      await refuse(request, response, { ...requested, thrown: error })
    }
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    requested: RequestedPicture,
  ): Promise<void> {
    if (request.method === 'OPTIONS') return end(response, 204, answerHeaders({ cache: CACHE.shortTtl, allow: true }))
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new AppError('METHOD_NOT_ALLOWED', `Use GET, HEAD or OPTIONS for pictures, not ${request.method}.`)
    }
    if (!isSecret(request.headers[ORIGIN_SECRET_HEADER]))
      throw new AppError('FORBIDDEN', 'Pictures are only served through the CDN: take their URLs from the API.')
    origin.limits.pictures.spend(networkOf(requested.viewer.client))
    if (requested.isGuarded) await checkReader(request, requested.key)
    if (isPrivateKey(requested.key)) return await answerPrivate(request, response, requested)
    if (isStablePath(requested.key)) return await answerStable(request, response, requested)
    const found = await findIssued(requested.key)
    if (!found) throw new AppError('NOT_FOUND', 'No picture was issued at this address.')
    requested.found = found
    if (found.freshness === 'current') return await answerPicture(request, response, { ...requested, found })
    // Made before redirecting: a redirect never leads to a key that does not exist yet.
    const current = nameIn(found.keyOf(await ensureInTime(found, requested.viewer)))
    count.redirect(found)
    const { cacheTags } = found
    redirect(response, current, { ...requested, status: found.freshness === 'moved' ? 301 : 302, cacheTags })
  }

  /** Throws FORBIDDEN unless the request has a token that may read the catalogue, or the signature of an address that a query returned. */
  async function checkReader(request: IncomingMessage, key: string): Promise<void> {
    const { searchParams: parameters } = new URL(request.url ?? '', 'http://localhost')
    if (checkSignedPath(origin.urlSecrets, { purpose: 'picture', path: key, parameters }) === 'good') return
    await identifySender(origin, request, { scopes: ['catalogue:read'], what: 'addresses without a version' })
  }

  async function findIssued(key: string): Promise<IssuedImage | null> {
    const found = await inStage('locate', async () => (await findVariant(key)) ?? (await findComposite(origin, key)))
    return found?.isPrivate ? null : found
  }

  /** A redirect would lose the signature, so a signed URL of an earlier source, preset or secret gets the current picture. */
  async function answerPrivate(
    request: IncomingMessage,
    response: ServerResponse,
    requested: RequestedPicture,
  ): Promise<void> {
    const parameters = new URL(request.url ?? '', 'http://localhost').searchParams
    const verdict = checkSignedPath(origin.urlSecrets, { purpose: 'picture', path: requested.key, parameters })
    if (verdict === 'expired') throw new AppError('FORBIDDEN', 'This URL has expired: request a new one from the API.')
    const found = verdict === 'good' ? await findVariant(withoutPlace(requested.key)) : null
    if (!found) throw new AppError('NOT_FOUND', 'No picture was issued at this address.')
    requested.found = found
    const { bytes, md5, wasStored } = await ensureInTime(found, requested.viewer)
    const waitedMs = found.image ? undefined : performance.now() - requested.arrivedAt
    count.picture(found, wasStored, waitedMs)
    const headers = answerHeaders({ cache: CACHE.private, md5 })
    const known = request.headers['if-none-match']
    if (known && hasEtag(known, etagOf(md5))) return end(response, 304, headers)
    const picture = { ...headers, 'content-type': mimeTypeOf(found.format), 'content-length': bytes.length }
    end(response, 200, picture, request.method === 'HEAD' ? undefined : bytes)
  }

  async function answerStable(
    request: IncomingMessage,
    response: ServerResponse,
    requested: RequestedPicture,
  ): Promise<void> {
    const path = parseStablePath(requested.key)
    const [, text = ''] = /\?(.*)$/s.exec(request.url ?? '') ?? []
    const key =
      path.type === 'item' ? await findStableKey(origin, { ...path, text }) : await findStableCompositeKey(origin, path)
    const found = await findIssued(key)
    if (!found) throw new AppError('NOT_FOUND', 'There is no picture at this address.')
    requested.found = found
    const current = found.keyOf(await ensureInTime(found, requested.viewer))
    // A relative path up to the root of the address, so that it works for any host and prefix that the viewer sees.
    const up = '../'.repeat(requested.key.split('/').length - 1)
    const isBelowImages = request.url?.startsWith('/images/')
    count.redirect(found)
    redirect(response, `${up}${isBelowImages ? '' : 'images/'}${current}`, { ...requested, cacheTags: found.cacheTags })
  }

  async function answerPicture(
    request: IncomingMessage,
    response: ServerResponse,
    { found, key, viewer, arrivedAt }: RequestedPicture & { found: IssuedImage },
  ): Promise<void> {
    const { image, cacheTags } = found
    const known = request.headers['if-none-match']
    if (known && image && hasEtag(known, etagOf(image.md5))) {
      count.picture(found, !image.isFresh)
      return end(response, 304, answerHeaders({ cache: CACHE.immutable, md5: image.md5, cacheTags }))
    }
    const delivered = await ensureInTime(found, viewer)
    const current = found.keyOf(delivered)
    if (current !== key) {
      count.redirect(found)
      return redirect(response, nameIn(current), { isGuarded: false })
    }
    const { bytes, md5, wasStored } = delivered
    count.picture(found, wasStored, image ? undefined : performance.now() - arrivedAt)
    const headers = answerHeaders({ cache: CACHE.immutable, md5, cacheTags })
    if (known && hasEtag(known, etagOf(md5))) return end(response, 304, headers)
    const picture = { ...headers, 'content-type': mimeTypeOf(found.format), 'content-length': bytes.length }
    end(response, 200, picture, request.method === 'HEAD' ? undefined : bytes)
  }

  function ensureInTime(found: IssuedImage, viewer: Viewer): Promise<Delivered> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new AppError('BUSY', 'This picture is still being made; try again in a second.')),
        answerMs,
      )
      found
        .ensure(viewer)
        .finally(() => clearTimeout(timer))
        .then(resolve, reject)
    })
  }

  async function refuse(
    request: IncomingMessage,
    response: ServerResponse,
    { key, isGuarded, found, thrown }: RequestedPicture & { thrown: unknown },
  ): Promise<void> {
    const error = toAppError(thrown)
    if (error.status >= 500 && error.code !== 'BUSY' && error.code !== 'SLOW')
      logFailure('a picture could not be delivered', error, {
        severity: 'error',
        url: request.url ?? '',
        code: error.code,
      })
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    count.refusal(error, found)
    const { type, bytes } = (await placeholderBody(error, key, found)) ?? {
      type: 'text/plain; charset=utf-8',
      bytes: Buffer.from(`${error.code}: ${publicSentence(error)}\n`),
    }
    const cache = isGuarded || isPrivateKey(key) ? { cache: CACHE.never } : {}
    const headers = { 'content-type': type, 'content-length': bytes.length, ...answerHeaders({ error, ...cache }) }
    end(response, error.status, headers, request.method === 'HEAD' ? undefined : bytes)
  }

  /** What a browser shows in place of a picture that will be ready soon. */
  async function placeholderBody(
    error: AppError,
    key: string,
    found: IssuedImage | undefined,
  ): Promise<{ type: string; bytes: Buffer } | null> {
    if (error.status !== 503 && error.status !== 429) return null
    return found?.placeholder
      ? standIns.placeholder(found.placeholder, found.format)
      : standIns.neutral(withoutPlace(key))
  }
}

/** A requested key and its viewer. */
interface RequestedPicture {
  readonly key: string
  readonly viewer: Viewer
  /** Whether only some callers may know what is there. */
  readonly isGuarded: boolean
  /** By performance.now(). */
  readonly arrivedAt: number
  /** Set once it has been looked up. */
  found?: IssuedImage
}

/** Whether somebody who knows an item or a family can make up the address: it has no version, which only a query reveals. */
const canBeMadeUp = (key: string): boolean =>
  isStablePath(key) || (parseVariantKey(key) ?? parseCompositeKey(key))?.version === null

const etagOf = (md5: string) => `"${md5}"`

/** Old and new key are in the same folder, so a relative redirect works for any host and prefix that the viewer sees. */
const nameIn = (key: string) => key.slice(key.lastIndexOf('/') + 1)
