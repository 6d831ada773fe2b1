import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Pg } from '../catalogue/database.ts'
import { type Located, openLocator } from '../catalogue/locate.ts'
import type { RecipeHistory } from '../catalogue/recipes.ts'
import { AppError, publicSentence, toAppError } from '../errors.ts'
import { causes, log } from '../log.ts'
import {
  cacheTagsOf,
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
  readonly recipes: RecipeHistory
  readonly urlSecret: string
  readonly ensureVariant: EnsureVariant
  readonly deliveries: DeliveryCounts
}

/**
 * The door that the CDN asks for what the bucket lacks: GET, HEAD and OPTIONS of a variant's key below `/images/`.
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
    const path = parseVariantKey(key)
    const preset = path && origin.presets.get(path.preset)
    if (!path || !preset?.formats.includes(path.format)) throw notIssued()
    const located = await locate({ sourceKey: printSourceKey(path), preset, format: path.format })
    if (!located) throw notIssued()

    switch (ageOf(path, located)) {
      case 'unknown':
        throw notIssued()
      case 'alias':
      case 'outdated': {
        // Made before we point to it: a redirect never leads to a key that is not there yet.
        await ensureInTime(located)
        const current = variantKeyOf(origin, located, { preset: preset.name, format: path.format })
        return end(response, 302, { ...answerHeaders({ cache: CACHE.shortly }), location: lastPart(current) })
      }
      case 'current':
        return await answerPicture(request, response, { located, path })
    }
  }

  async function answerPicture(
    request: IncomingMessage,
    response: ServerResponse,
    { located, path }: { located: Located; path: VariantPath },
  ): Promise<void> {
    const cacheTags = cacheTagsOf(path)
    const known = request.headers['if-none-match']
    if (known && located.image && !located.takenDown && matches(known, located.image.md5)) {
      origin.deliveries.count(located.image.isFresh ? 'made' : 'stored')
      return end(response, 304, answerHeaders({ cache: CACHE.immutable, md5: located.image.md5, cacheTags }))
    }
    const { bytes, md5, wasStored } = await ensureInTime(located)
    origin.deliveries.count(wasStored ? 'stored' : 'made')
    const headers = answerHeaders({ cache: CACHE.immutable, md5, cacheTags })
    if (known && matches(known, md5)) return end(response, 304, headers)
    const picture = { ...headers, 'content-type': mimeTypeOf(located.format), 'content-length': bytes.length }
    end(response, 200, picture, request.method === 'HEAD' ? undefined : bytes)
  }

  async function ensureInTime(located: Located): Promise<Delivered> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => late.reject(new AppError('BUSY', 'This picture takes long to make; try again in a second.')),
      answerMs,
    )
    return await Promise.race([origin.ensureVariant(located), late.promise]).finally(() => clearTimeout(timer))
  }

  /** Whether we issued the path: for the item as it is, for an earlier source or recipe, or never. */
  function ageOf({ version }: VariantPath, item: Located): 'alias' | 'current' | 'outdated' | 'unknown' {
    if (version === null) return 'alias'
    const issued = (sourceHash: string, recipeHash: string) =>
      sameVersion(version, versionOf(origin.urlSecret, sourceHash, recipeHash))
    if (issued(item.sourceHash, item.preset.recipeHash)) return 'current'
    const sources = [item.sourceHash, ...item.previousSourceHashes]
    const recipes = origin.recipes.get(item.preset.name) ?? []
    return sources.some((source) => recipes.some((recipe) => issued(source, recipe))) ? 'outdated' : 'unknown'
  }
}

const notIssued = () => new AppError('NOT_FOUND', 'No picture was issued at this address.')

/** If-None-Match compares weakly, and may hold a list or `*`. */
const matches = (header: string, md5: string) =>
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === `"${md5}"`)

/** Old and new key lie in one folder, so the last part leads there, whatever host and prefix the viewer sees. */
const lastPart = (key: string) => key.slice(key.lastIndexOf('/') + 1)

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
