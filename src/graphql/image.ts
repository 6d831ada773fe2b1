import type { Image as ImageRow, Item, RenderFailure } from '../../prisma/generated/client/client.ts'
import { variantKeyOf } from '../deliver/make-variants.ts'
import { IMAGE_FORMATS, type ImageFormat, mimeTypeOf, type Preset } from '../variant.ts'
import { builder, type Context } from './builder.ts'

export const ImageFormatRef = builder.enumType('ImageFormat', { values: IMAGE_FORMATS })

const ImageStatusRef = builder.enumType('ImageStatus', {
  description:
    'READY: stored and recorded. PENDING: the URL works, the first request makes it. FAILED: the source cannot be rendered, see error. GONE: taken down.',
  values: ['READY', 'PENDING', 'FAILED', 'GONE'] as const,
})

/** What decides a picture of an item. */
export type PicturedItem = Pick<Item, 'id' | 'sourceKey' | 'sourceHash'>

/** A picture of an item, whether it was made yet or not. */
export interface WantedImage {
  readonly item: PicturedItem
  readonly preset: Preset
  readonly format: ImageFormat
}

async function rowOf({ item, preset, format }: WantedImage, { loaders }: Context): Promise<ImageRow | null> {
  const rows = await loaders.images.load(item.id)
  const isCurrent = (row: ImageRow) =>
    row.preset === preset.name &&
    row.format === format &&
    row.recipeHash === preset.recipeHash &&
    row.sourceHash === item.sourceHash
  return rows.find(isCurrent) ?? null
}

async function failureOf({ item }: WantedImage, { loaders }: Context): Promise<RenderFailure | null> {
  const failure = await loaders.failures.load(item.id)
  return failure?.settled && failure.sourceHash === item.sourceHash ? failure : null
}

const ImageErrorRef = builder.objectRef<RenderFailure>('ImageError').implement({
  description: 'Why a source cannot be rendered.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'A reason code of the error catalogue.' }),
    message: t.exposeString('message'),
  }),
})

export const ImageRef = builder.objectRef<WantedImage>('Image').implement({
  description:
    'One picture. Its URL works from the moment it is printed: what is missing is made on the first request.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      description: 'Immutable: another source or preset has another URL.',
      resolve: ({ item, preset, format }, _args, { app, imageUrl }) =>
        `${imageUrl}/${variantKeyOf(app, item, { preset: preset.name, format })}`,
    }),
    width: t.int({ description: 'px', resolve: ({ preset }) => preset.width }),
    height: t.int({ description: 'px', resolve: ({ preset }) => preset.height }),
    format: t.field({ type: ImageFormatRef, resolve: ({ format }) => format }),
    mimeType: t.string({ resolve: ({ format }) => mimeTypeOf(format) }),
    status: t.field({
      type: ImageStatusRef,
      resolve: async (image, _args, context) => {
        if (await context.loaders.takenDown.load(image.item.id)) return 'GONE'
        if (await rowOf(image, context)) return 'READY'
        return (await failureOf(image, context)) ? 'FAILED' : 'PENDING'
      },
    }),
    bytes: t.int({
      nullable: true,
      description: 'Size of the stored picture; null while it is not made.',
      resolve: async (image, _args, context) => (await rowOf(image, context))?.bytes ?? null,
    }),
    lossless: t.boolean({
      nullable: true,
      description: 'How it was encoded; null while it is not made.',
      resolve: async (image, _args, context) => (await rowOf(image, context))?.lossless ?? null,
    }),
    engine: t.string({
      nullable: true,
      description: 'Which rasteriser drew it; null while it is not made.',
      resolve: async (image, _args, context) => (await rowOf(image, context))?.engine ?? null,
    }),
    warnings: t.stringList({
      description:
        'What was left out of the source or may look different, such as EXTERNAL_REFERENCE, SCRIPT or MISSING_GLYPH. Empty while it is not made.',
      resolve: async (image, _args, context) => (await rowOf(image, context))?.warnings ?? [],
    }),
    error: t.field({
      type: ImageErrorRef,
      nullable: true,
      description: 'Set when status is FAILED.',
      resolve: async (image, _args, context) =>
        (await rowOf(image, context)) ? null : await failureOf(image, context),
    }),
  }),
})
