import type { Item } from '../../prisma/generated/client/client.ts'
import { type ImageFormat, mimeTypeOf, type Preset } from '../core/variant.ts'
import { placeKey } from '../core/visibility.ts'
import { variantKeyOf } from '../variants/make.ts'
import { specOf } from '../variants/offered.ts'
import type { ImageFacts, ItemFailure } from '../variants/states.ts'
import { builder, type Context } from './builder.ts'
import { pictureUrlOf } from './picture-url.ts'

export const ImageFormatRef = builder.enumType('ImageFormat', {
  description: 'The encoding of a picture.',
  values: {
    WEBP: { description: 'image/webp, supported by every browser' },
    AVIF: { description: 'image/avif: smaller for art with many colours, larger for flat icons' },
    PNG: { description: 'image/png, for e-mail and for programs that support nothing else' },
  } satisfies Record<ImageFormat, object>,
})

export const ImageStatusRef = builder.enumType('ImageStatus', {
  description: 'Whether a picture exists.',
  values: {
    READY: { description: 'the picture is stored' },
    PENDING: { description: 'not rendered yet; the URL works, and the first request renders the picture' },
    FAILED: { description: 'the source cannot be rendered; see error' },
    GONE: { description: 'taken down' },
  } as const,
})

/** The fields that determine a picture of an item. */
export type PicturedItem = Pick<Item, 'id' | 'sourceKey' | 'sourceHash' | 'visibility'>

/** A picture of an item or a family, whether it exists yet or not. */
export interface WantedImage {
  /** Its key, also before it exists. */
  readonly key: string
  /** Its URL is signed and expires. */
  readonly isPrivate: boolean
  readonly width: number
  readonly height: number
  readonly format: ImageFormat
  /** Called when its URL is printed: a missing picture is rendered ahead of the browser's request. */
  readonly warm?: () => void
  /** Loaded in one statement for everything that one response selects. */
  readonly state: (context: Context) => Promise<ImageState>
}

/** What is known about a picture. */
export interface ImageState {
  readonly isGone: boolean
  /** Null if the picture does not exist yet. */
  readonly facts: ImageFacts | null
  /** Why the last attempt failed; settled: no other attempt follows. */
  readonly failure: ItemFailure | null
}

export function imageOfItem(
  app: Context['app'],
  { item, preset, format }: { item: PicturedItem; preset: Preset; format: ImageFormat },
): WantedImage {
  const { width, height } = preset
  const spec = specOf(preset, format)
  return {
    key: variantKeyOf(app, item, spec),
    isPrivate: item.visibility === 'PRIVATE',
    width,
    height,
    format,
    // The number of possible transforms is unbounded, so none is made before it is requested.
    ...(spec.recipe ? {} : { warm: () => app.warmQueue.addPage(item.id) }),
    state: ({ loaders }) =>
      loaders.states(item.id, preset).then(({ isGone, failure, images }) => ({
        isGone,
        failure,
        facts: images[format] ?? null,
      })),
  }
}

export const ImageErrorRef = builder.objectRef<ItemFailure>('ImageError').implement({
  description: 'Why a source cannot be rendered.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'A reason code from the error catalogue.' }),
    message: t.exposeString('message', { description: 'What is wrong, and with which value.' }),
  }),
})

export const ImageRef = builder.objectRef<WantedImage>('Image').implement({
  description: 'One picture. Its URL works immediately: a missing picture is rendered on the first request.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      description:
        'Immutable: a changed source or preset gets a new URL. For a PRIVATE item it is signed, and expires after 10 to 15 minutes.',
      resolve: ({ key, isPrivate, warm }, _args, context) => {
        warm?.()
        return pictureUrlOf(context, { key, isPrivate })
      },
    }),
    width: t.exposeInt('width', { description: 'Width in px.' }),
    height: t.exposeInt('height', { description: 'Height in px.' }),
    format: t.expose('format', { type: ImageFormatRef, description: 'The format that was requested.' }),
    mimeType: t.string({
      description: 'The MIME type, for `<source type>`.',
      resolve: ({ format }) => mimeTypeOf(format),
    }),
    status: t.field({
      type: ImageStatusRef,
      description: 'Whether the picture exists.',
      resolve: (image, _args, context) =>
        image
          .state(context)
          .then(({ isGone, facts, failure }) =>
            isGone ? 'GONE' : facts ? 'READY' : failure?.settled ? 'FAILED' : 'PENDING',
          ),
    }),
    bytes: t.int({
      nullable: true,
      description: 'Size of the stored picture; null until it is rendered.',
      resolve: async (image, _args, context) => (await image.state(context)).facts?.bytes ?? null,
    }),
    lossless: t.boolean({
      nullable: true,
      description: 'How it was encoded; null until it is rendered.',
      resolve: async (image, _args, context) => (await image.state(context)).facts?.lossless ?? null,
    }),
    engine: t.string({
      nullable: true,
      description: 'Which rasteriser drew it; null until it is rendered.',
      resolve: async (image, _args, context) => (await image.state(context)).facts?.engine ?? null,
    }),
    madeAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was last made; null until it is rendered.',
      resolve: async (image, _args, { loaders }) =>
        (await loaders.making.load(placeKey(image.key, image)))?.madeAt ?? null,
    }),
    renderMs: t.int({
      nullable: true,
      description:
        "CPU time in ms of the render that made it, which also made the item's other pictures if they were missing; null until it is rendered, and for families.",
      resolve: async (image, _args, { loaders }) =>
        (await loaders.making.load(placeKey(image.key, image)))?.renderMs ?? null,
    }),
    warnings: t.stringList({
      description:
        'Codes for what was left out of the source or may look different, such as EXTERNAL_REFERENCE, SCRIPT or MISSING_GLYPH, in the picture or in the last failed attempt. Empty before the first attempt.',
      resolve: async (image, _args, context) => {
        const { facts, failure } = await image.state(context)
        return [...((facts ?? failure)?.warnings ?? [])]
      },
    }),
    error: t.field({
      type: ImageErrorRef,
      nullable: true,
      description: 'Why the last attempt failed. Final if status is FAILED; if it is PENDING, another attempt follows.',
      resolve: async (image, _args, context) => {
        const { facts, failure } = await image.state(context)
        return facts ? null : failure
      },
    }),
  }),
})
