import { createHash } from 'node:crypto'
import type { MadeImage } from '../catalogue/record.ts'
import { AppError } from '../errors.ts'
import type { Want } from '../render/messages.ts'
import type { RenderPool } from '../render/pool.ts'
import type { Stores } from '../store/open.ts'
import { hashSource, mimeTypeOf, type Presets, parseSourceKey, printVariantKey, versionOf } from '../variant.ts'

/** What making pictures takes. */
export interface Workshop {
  readonly stores: Stores
  readonly pool: RenderPool
  readonly presets: Presets
  readonly urlSecret: string
}

export interface Source {
  readonly itemId: number
  readonly sourceKey: string
  readonly sourceHash: string
}

export interface Made {
  readonly image: MadeImage
  readonly bytes: Buffer
}

/**
 * Source -> renderer -> store, for one item: the one code behind the first request and the backfill.
 * The caller holds the item's lock and records what is returned. Throws the source's reason code (status 422),
 * UNAVAILABLE when a store fails, BUSY when the pool's line is full.
 * @param options.replace store again what is there already (an object that was lost or damaged)
 */
export async function makeVariants(
  workshop: Workshop,
  source: Source,
  options: { wants: readonly Want[]; timeoutMs: number; replace?: boolean },
): Promise<Made[]> {
  const svg = await readSource(workshop, source)
  const pictures = await workshop.pool.render(svg, options.wants, { timeoutMs: options.timeoutMs })
  return await Promise.all(
    pictures.map(async (picture) => {
      const { preset: name, format, width, height, lossless } = picture
      const bytes = Buffer.from(picture.bytes)
      const preset = presetOf(workshop.presets, name)
      const objectKey = variantKeyOf(workshop, source, { preset: name, format })
      await workshop.stores.previews.put(objectKey, bytes, {
        contentType: mimeTypeOf(format),
        ...(options.replace ? { replace: true } : {}),
      })
      const { itemId, sourceHash } = source
      const image = {
        itemId,
        preset: name,
        format,
        recipeHash: preset.recipeHash,
        sourceHash,
        objectKey,
        width,
        height,
        bytes: bytes.length,
        md5: md5Of(bytes),
        lossless,
      }
      return { image, bytes }
    }),
  )
}

/** In hex: the ETag that S3 gives an object of these bytes. */
export const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex')

/** The key of an item's current variant. */
export function variantKeyOf(
  { presets, urlSecret }: Pick<Workshop, 'presets' | 'urlSecret'>,
  { sourceKey, sourceHash }: Pick<Source, 'sourceKey' | 'sourceHash'>,
  { preset, format }: Want,
): string {
  const path = parseSourceKey(sourceKey)
  if (!path) throw new Error(`${sourceKey} is not a source key`)
  const version = versionOf(urlSecret, sourceHash, presetOf(presets, preset).recipeHash)
  return printVariantKey({ ...path, preset, version, format })
}

function presetOf(presets: Presets, name: string) {
  const preset = presets.get(name)
  if (!preset) throw new Error(`no preset ${name}`)
  return preset
}

async function readSource({ stores }: Workshop, { sourceKey, sourceHash }: Source): Promise<Buffer> {
  const svg = await stores.originals.get(sourceKey)
  if (!svg) throw new AppError('SOURCE_MISSING', `The original ${sourceKey} is not in the store: import it again.`)
  if (hashSource(svg) !== sourceHash) {
    throw new AppError('SOURCE_CHANGED', `The original ${sourceKey} is not the one that was imported: import it again.`)
  }
  return svg
}
