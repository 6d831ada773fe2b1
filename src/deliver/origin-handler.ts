import type { IncomingMessage, ServerResponse } from 'node:http'
import { cacheTagsOf } from '../cache-tags.ts'
import type { Pg } from '../catalogue/database.ts'
import { type Located, openLocator } from '../catalogue/locate.ts'
import type { RecipeHistory } from '../catalogue/recipes.ts'
import { AppError, publicSentence, toAppError } from '../errors.ts'
import type { Layouts } from '../layouts.ts'
import { causes, log } from '../log.ts'
import type { EnsureComposite } from '../preview/ensure-composite.ts'
import { findComposite } from '../preview/find-composite.ts'
import {
  type ImageFormat,
  mimeTypeOf,
  type Presets,
  parseVariantKey,
  printSourceKey,
  sameVersion,
  type VariantPath,
  versionOf,
} from '../variant.ts'
import { answerHeaders, CACHE } from './cache-headers.ts'
import type { DeliveryCounts } from './delivery-counts.ts'
import { ANSWER_LIMIT_MS, type Delivered, type EnsureVariant } from './ensure-variant.ts'
import { variantKeyOf } from './make-variants.ts'

interface Origin {
  readonly pg: Pg
  readonly presets: Presets
  readonly layouts: Layouts
  readonly ensureComposite: EnsureComposite
  readonly recipes: RecipeHistory
  readonly urlSecret: string
  readonly ensureVariant: EnsureVariant
  readonly deliveries: DeliveryCounts
}

/** What an issued key stands for. */
export interface Found {
  /** Of the picture as it is, of an earlier one, or without a version. */
  readonly age: 'alias' | 'current' | 'outdated'
  readonly format: ImageFormat
  readonly cacheTags: readonly string[]
  /** The current picture, where it was made and may be shown. */
  readonly image: Located['image']
  readonly ensure: () => Promise<Delivered>
  /** Where the current picture lies. */
  readonly keyOf: (delivered: Delivered) => string
}

/**
 * The door that the CDN asks for what the bucket lacks: GET, HEAD and OPTIONS of a variant's or composite's key below `/images/`.
 * Answers a whole picture, 302 to the current one, 304, 404, 405, 410, 422, or 503 with Retry-After; see cache-headers.ts.
 * @param options.answerMs how long an answer may take; what is late is made all the same, for the next request
 */
export function createOriginHandler(origin: Origin, { answerMs = ANSWER_LIMIT_MS }: { answerMs?: number } = {}) {
  const locate = openLocator(origin.pg)

  return async function handle(request: IncomingMessage, response: ServerResponse, key: string): Promise<void> {
    try {
      await answer(request, response, key)
    } catch (error) {
      refuse(request, response, error)
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse, key: string): Promise<void> {
    if (request.method === 'OPTIONS') return end(response, 204, answerHeaders({ cache: CACHE.shortly, allow: true }))
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new AppError('METHOD_NOT_ALLOWED', `Pictures are read with GET, HEAD and OPTIONS, not ${request.method}.`)
    }
    const found = (await findVariant(key)) ?? (await findComposite(origin, key))
    if (!found) throw new AppError('NOT_FOUND', 'No picture was issued at this address.')
    if (found.age === 'current') return await answerPicture(request, response, { found, key })
    // Made before we point to it: a redirect never leads to a key that is not there yet.
    redirect(response, found.keyOf(await ensureInTime(found)))
  }

  /** Null: never issued. */
  async function findVariant(key: string): Promise<Found | null> {
    const path = parseVariantKey(key)
    const preset = path && origin.presets.get(path.preset)
    if (!path || !preset?.formats.includes(path.format)) return null
    const { format } = path
    const located = await locate({ sourceKey: printSourceKey(path), preset, format })
    const age = located && ageOf(path, located)
    if (!age) return null
    const current = variantKeyOf(origin, located, { preset: preset.name, format })
    return {
      age,
      format,
      cacheTags: cacheTagsOf(path),
      image: located.takenDown ? null : located.image,
      ensure: () => origin.ensureVariant(located),
      keyOf: () => current,
    }
  }

  async function answerPicture(
    request: IncomingMessage,
    response: ServerResponse,
    { found, key }: { found: Found; key: string },
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

  async function ensureInTime(found: Found): Promise<Delivered> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => late.reject(new AppError('BUSY', 'This picture takes long to make; try again in a second.')),
      answerMs,
    )
    return await Promise.race([found.ensure(), late.promise]).finally(() => clearTimeout(timer))
  }

  /** Whether we issued the path: for the item as it is, for an earlier source or recipe, or never. */
  function ageOf({ version }: VariantPath, item: Located): Found['age'] | null {
    if (version === null) return 'alias'
    const issued = (sourceHash: string, recipeHash: string) =>
      sameVersion(version, versionOf(origin.urlSecret, sourceHash, recipeHash))
    if (issued(item.sourceHash, item.preset.recipeHash)) return 'current'
    const sources = [item.sourceHash, ...item.previousSourceHashes]
    const recipes = origin.recipes.get(item.preset.name) ?? []
    return sources.some((source) => recipes.some((recipe) => issued(source, recipe))) ? 'outdated' : null
  }
}

/** If-None-Match compares weakly, and may hold a list or `*`. */
const matches = (header: string, md5: string) =>
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === `"${md5}"`)

/** Old and new key lie in one folder, so the last part leads there, whatever host and prefix the viewer sees. */
const redirect = (response: ServerResponse, key: string) =>
  end(response, 302, { ...answerHeaders({ cache: CACHE.shortly }), location: key.slice(key.lastIndexOf('/') + 1) })

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
    log.error('a picture could not be delivered', { url: request.url, code: error.code, cause: causes(thrown) })
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
