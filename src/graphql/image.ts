import type { Image as ImageRow, Item, RenderFailure } from '../../prisma/generated/client/client.ts'
import { IMAGE_FORMATS, type ImageFormat, mimeTypeOf, type Preset } from '../core/variant.ts'
import { variantKeyOf } from '../variants/make.ts'
import { specOf } from '../variants/offered.ts'
import { builder, type Context } from './builder.ts'

export const ImageFormatRef = builder.enumType('ImageFormat', { values: IMAGE_FORMATS })

const ImageStatusRef = builder.enumType('ImageStatus', {
  description:
    'READY: the picture is stored. PENDING: not rendered yet; the URL works, and its first request renders it. FAILED: the source cannot be rendered, see error. GONE: taken down.',
  values: ['READY', 'PENDING', 'FAILED', 'GONE'] as const,
})

/** The fields that determine a picture of an item. */
export type PicturedItem = Pick<Item, 'id' | 'sourceKey' | 'sourceHash'>

/** A picture of an item or a family, whether it exists yet or not. */
export interface WantedImage {
  /** Its key, also before it exists. */
  readonly key: string
  readonly width: number
  readonly height: number
  readonly format: ImageFormat
  /** Null if it does not exist yet. */
  readonly row: (context: Context) => Promise<ImageRow | null>
  /** Called when its URL is printed: a missing picture is rendered ahead of the browser's request. */
  readonly warm?: () => void
  readonly isGone: (context: Context) => Promise<boolean>
  /** Why the last attempt failed; settled: no other attempt follows. */
  readonly failure: (context: Context) => Promise<RenderFailure | null>
}

export function imageOfItem(
  app: Context['app'],
  { item, preset, format }: { item: PicturedItem; preset: Preset; format: ImageFormat },
): WantedImage {
  const { width, height } = preset
  const spec = specOf(preset, format)
  const key = variantKeyOf(app, item, spec)
  // Of transforms there may be any number: each is looked up alone, and none is made before it is asked for.
  if (spec.recipe)
    return { key, width, height, format, row: ({ loaders }) => loaders.transforms.load(key), ...stateOf(item) }
  return {
    key,
    width,
    height,
    format,
    warm: () => app.warmQueue.addPage(item.id),
    row: async ({ loaders }) => {
      const rows = await loaders.images.load(item.id)
      const isCurrent = (row: ImageRow) =>
        row.preset === preset.name &&
        row.format === format &&
        row.recipeHash === preset.recipeHash &&
        row.sourceHash === item.sourceHash
      return rows.find(isCurrent) ?? null
    },
    ...stateOf(item),
  }
}

const stateOf = (item: PicturedItem): Pick<WantedImage, 'isGone' | 'failure'> => ({
  isGone: ({ loaders }) => loaders.takenDown.load(item.id),
  failure: async ({ loaders }) => {
    const failure = await loaders.failures.load(item.id)
    return failure?.sourceHash === item.sourceHash ? failure : null
  },
})

const ImageErrorRef = builder.objectRef<RenderFailure>('ImageError').implement({
  description: 'Why a source cannot be rendered.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'A reason code of the error catalogue.' }),
    message: t.exposeString('message'),
  }),
})

export const ImageRef = builder.objectRef<WantedImage>('Image').implement({
  description: 'One picture. Its URL works immediately: a missing picture is rendered on the first request.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      description: 'Immutable: a changed source or preset gets a new URL.',
      resolve: ({ key, warm }, _args, { imageUrl }) => {
        warm?.()
        return `${imageUrl}/${key}`
      },
    }),
    width: t.exposeInt('width', { description: 'px' }),
    height: t.exposeInt('height', { description: 'px' }),
    format: t.expose('format', { type: ImageFormatRef }),
    mimeType: t.string({ resolve: ({ format }) => mimeTypeOf(format) }),
    status: t.field({
      type: ImageStatusRef,
      resolve: async (image, _args, context) => {
        if (await image.isGone(context)) return 'GONE'
        if (await image.row(context)) return 'READY'
        return (await image.failure(context))?.settled ? 'FAILED' : 'PENDING'
      },
    }),
    bytes: t.int({
      nullable: true,
      description: 'Size of the stored picture; null until it is rendered.',
      resolve: async (image, _args, context) => (await image.row(context))?.bytes ?? null,
    }),
    lossless: t.boolean({
      nullable: true,
      description: 'How it was encoded; null until it is rendered.',
      resolve: async (image, _args, context) => (await image.row(context))?.lossless ?? null,
    }),
    engine: t.string({
      nullable: true,
      description: 'Which rasteriser drew it; null until it is rendered.',
      resolve: async (image, _args, context) => (await image.row(context))?.engine ?? null,
    }),
    warnings: t.stringList({
      description:
        'What was left out of the source or may look different, such as EXTERNAL_REFERENCE, SCRIPT or MISSING_GLYPH: of the picture, or of the last attempt that gave none. Empty before any.',
      resolve: async (image, _args, context) =>
        (await image.row(context))?.warnings ?? (await image.failure(context))?.warnings ?? [],
    }),
    error: t.field({
      type: ImageErrorRef,
      nullable: true,
      description: 'Why the last attempt failed. Final if status is FAILED; if it is PENDING, another attempt follows.',
      resolve: async (image, _args, context) => ((await image.row(context)) ? null : await image.failure(context)),
    }),
  }),
})
