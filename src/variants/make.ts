import { createHash } from 'node:crypto'
import { CACHE } from '../cdn/cache-headers.ts'
import { cacheTagsOf } from '../core/cache-tags.ts'
import { AppError } from '../core/errors.ts'
import {
  matchesSource,
  mimeTypeOf,
  type Presets,
  parseSourceKey,
  printVariantKeyOf,
  type SourcePath,
} from '../core/variant.ts'
import { type UrlSecret, versionOf } from '../core/version.ts'
import { placeKey } from '../core/visibility.ts'
import type { RenderPool } from '../render/contract.ts'
import type { VariantSpec } from '../render/messages.ts'
import type { CallOptions } from '../render/tasks.ts'
import type { Stores } from '../store/open.ts'
import { inStage } from '../telemetry/stage.ts'
import { describeSpan } from '../telemetry/tracing.ts'
import { noteFailure } from './note-failure.ts'
import type { MadeImage, RenderedItem } from './record.ts'

/** Dependencies of rendering. */
export interface RenderDeps {
  readonly stores: Stores
  readonly pool: RenderPool
  readonly presets: Presets
  /** The secret that keys are made with. */
  readonly urlSecret: UrlSecret
}

export interface Source {
  readonly itemId: number
  readonly sourceKey: string
  /** The original's key in its store. */
  readonly originalKey: string
  readonly sourceHash: string
  /** Its pictures lie where no CDN can read them. */
  readonly isPrivate: boolean
}

export interface Made {
  /** To be recorded. */
  readonly item: RenderedItem
  /** The stored bytes of each of the item's images, in their order. */
  readonly bytes: readonly Buffer[]
}

/**
 * Source -> renderer -> store, for one item: the same code for first requests and backfills. The caller holds the item's lock and records
 * the result. Throws the source's reason code (status 422), UNAVAILABLE if a store fails, BUSY if the pool's queue is full.
 * @param options.svg the original, if the caller is already reading it
 * @param options.replace overwrites an existing object (one that was lost or damaged)
 */
export async function makeVariants(
  deps: RenderDeps,
  source: Source,
  options: CallOptions & { variants: readonly VariantSpec[]; replace?: boolean; svg?: Promise<Buffer | null> },
): Promise<Made> {
  const { itemId, sourceHash } = source
  const { originals, previews } = deps.stores
  const readSource = async () => checkSource(source, await (options.svg ?? originals.get(source.originalKey)))
  const { vendor } = sourcePathOf(source)
  const render = async (svg: Buffer) => {
    const rendered = await deps.pool.render(svg, options.variants, options)
    describeSpan({ 'afterimage.engine': rendered.engine, 'afterimage.vendor': vendor })
    return rendered
  }
  const rendered = await noteFailure({ vendor, sourceKey: source.sourceKey }, async () => {
    const svg = await inStage('source', readSource)
    return await inStage('render', () => render(svg))
  })
  const { engine, warnings, placeholder, cpuMs } = rendered
  const bytes = rendered.pictures.map((picture) => Buffer.from(picture.bytes))
  const images = rendered.pictures.map(({ preset, format, width, height, lossless }, index): MadeImage => {
    const encoded = bytes[index] as Buffer
    const spec = options.variants[index] as VariantSpec
    const { recipeHash } = presetOf(deps.presets, spec)
    const objectKey = objectKeyOf(deps, source, spec)
    const facts = { width, height, lossless, bytes: encoded.length, md5: md5Of(encoded), engine, warnings }
    const urlSecretId = deps.urlSecret.id
    return { itemId, preset, format, recipeHash, sourceHash, objectKey, urlSecretId, ...facts }
  })
  const put = ({ objectKey, format }: MadeImage, index: number) =>
    previews.put(objectKey, bytes[index] as Buffer, {
      contentType: mimeTypeOf(format),
      cacheControl: CACHE.immutable,
      sourceHash,
      cacheTags: cacheTagsOf(sourcePathOf(source)),
      replace: options.replace ?? false,
      keyNamesBytes: true,
    })
  await inStage('store', () => Promise.all(images.map(put)))
  return { item: { itemId, sourceHash, ...placeholder, cpuMs, images }, bytes }
}

/** In hex: S3's ETag of an object with these bytes. */
export const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex')

/** The key of an item's current variant, in its URL. */
export function variantKeyOf(
  { presets, urlSecret }: Pick<RenderDeps, 'presets' | 'urlSecret'>,
  { sourceKey, sourceHash }: Pick<Source, 'sourceKey' | 'sourceHash'>,
  spec: VariantSpec,
): string {
  const { preset, format } = spec
  const version = versionOf(urlSecret.value, sourceHash, presetOf(presets, spec).recipeHash)
  return printVariantKeyOf(sourceKey, { preset, version, format })
}

/** Where the object of an item's current variant lies. */
export const objectKeyOf = (
  deps: Pick<RenderDeps, 'presets' | 'urlSecret'>,
  source: Pick<Source, 'sourceKey' | 'sourceHash' | 'isPrivate'>,
  spec: VariantSpec,
): string => placeKey(variantKeyOf(deps, source, spec), source)

/** An item's path in the grammar of keys; its vendor determines its share of the renderers. */
export function sourcePathOf({ sourceKey }: Pick<Source, 'sourceKey'>): SourcePath {
  const path = parseSourceKey(sourceKey)
  if (!path) throw new Error(`${sourceKey} is not a source key`)
  return path
}

function presetOf(presets: Presets, { preset: name, recipe }: VariantSpec) {
  const preset = recipe ?? presets.get(name)
  if (!preset) throw new Error(`no preset ${name}`)
  return preset
}

/** Returns the bytes if they are those that were imported. Throws SOURCE_MISSING or SOURCE_CHANGED. */
export function checkSource(
  { originalKey, sourceHash }: Pick<Source, 'originalKey' | 'sourceHash'>,
  svg: Buffer | null,
): Buffer {
  if (!svg) throw new AppError('SOURCE_MISSING', `The original ${originalKey} is not in the store: import it again.`)
  if (!matchesSource(svg, sourceHash)) {
    throw new AppError(
      'SOURCE_CHANGED',
      `The original ${originalKey} has changed since it was imported: import it again.`,
    )
  }
  return svg
}
