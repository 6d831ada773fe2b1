import type { Item } from '../../prisma/generated/client/client.ts'
import { AppError } from '../core/errors.ts'
import { offeredTransform, snapUp, THEME_COLOURS, type Theme } from '../core/transform-request.ts'
import { type ImageFormat, mimeTypeOf, type Preset } from '../core/variant.ts'
import { offersAvif } from '../variants/formats.ts'
import { issueTransform } from '../variants/issue.ts'
import { variantKeyOf } from '../variants/make.ts'
import { offeredPreset, specOf } from '../variants/offered.ts'
import { printStableUrl } from '../variants/stable-url.ts'
import { builder, type Context } from './builder.ts'
import { ItemRef } from './item.ts'
import { PLACEHOLDER_COLUMNS, PlaceholderRef, placeholderOfItem } from './placeholder.ts'
import { presetsLike } from './src-set.ts'
import { ThemeRef } from './transform.ts'

const WIDTHS_MAX = 12
/** Widths in px of a card and of a page's main picture, at one and two device pixels. */
const WIDTHS = { ICON: [64, 128, 256, 512], ILLUSTRATION: [256, 512, 768, 1024] } as const
/** The `src` of a picture, for what reads no srcset, is the largest of its widths up to this one. */
const SRC_MAX_PX = 512

const COLUMNS = {
  ...PLACEHOLDER_COLUMNS,
  uniqueId: true,
  name: true,
  alt: true,
  width: true,
  height: true,
  suitsAvif: true,
} as const
type PicturedItem = Pick<Item, keyof typeof COLUMNS | 'id' | 'kind' | 'sourceKey' | 'sourceHash'>

interface PictureArgs {
  readonly widths?: readonly number[] | null | undefined
  readonly theme: Theme
  readonly color?: string | null | undefined
  readonly preset?: string | null | undefined
}

interface Picture {
  readonly item: PicturedItem
  readonly theme: Theme
  /** Of each width, the narrowest first. */
  readonly drawn: readonly { readonly webp: Preset; readonly avif: () => Preset }[]
  readonly src: Preset
  readonly stableUrl: string
}

const PictureSourceRef = builder.objectRef<{ type: string; srcSet: string }>('PictureSource').implement({
  description: 'A <source> of a <picture>.',
  fields: (t) => ({
    type: t.exposeString('type', { description: 'The MIME type, such as image/avif.' }),
    srcSet: t.exposeString('srcSet', { description: 'The same widths as those of the picture.' }),
  }),
})

const urlOf = (
  { app, imageUrl }: Context,
  item: PicturedItem,
  { drawn, format }: { drawn: Preset; format: ImageFormat },
) => `${imageUrl}/${variantKeyOf(app, item, specOf(drawn, format))}`

const srcSetOf = (context: Context, { item, drawn }: Picture, format: 'WEBP' | 'AVIF') =>
  drawn
    .map((each) => (format === 'WEBP' ? each.webp : each.avif()))
    .map((preset) => `${urlOf(context, item, { drawn: preset, format })} ${preset.width}w`)
    .join(', ')

const PictureRef = builder.objectRef<Picture>('Picture').implement({
  description:
    'All that a responsive <img> or <picture> takes. Every URL works from the moment it is printed: a missing picture is made on the first request.',
  fields: (t) => ({
    src: t.field({
      type: 'URL',
      description: `WebP, immutable: the largest of the widths up to ${SRC_MAX_PX} px.`,
      resolve: ({ item, src }, _args, context) => urlOf(context, item, { drawn: src, format: 'WEBP' }),
    }),
    srcSet: t.string({
      description: 'The URL and width of each picture, as WebP.',
      resolve: (picture, _args, context) => srcSetOf(context, picture, 'WEBP'),
    }),
    sources: t.field({
      type: [PictureSourceRef],
      description:
        'Formats whose bytes are fewer for this kind of art at all of these widths, best first: AVIF for shaded art from 256 px, and nothing for flat art, of which WebP is the smallest. src and srcSet are the fallback.',
      resolve: (picture, _args, context) => {
        const widths = picture.drawn.map(({ webp }) => webp.width)
        if (!offersAvif(picture.item.suitsAvif, widths)) return []
        if (!picture.drawn.every(({ avif }) => avif().formats.includes('AVIF'))) return []
        return [{ type: mimeTypeOf('AVIF'), srcSet: srcSetOf(context, picture, 'AVIF') }]
      },
    }),
    width: t.int({ description: 'px, of src.', resolve: ({ src }) => src.width }),
    height: t.int({ description: 'px, of src.', resolve: ({ src }) => src.height }),
    alt: t.string({
      description: 'What the picture shows: `alt` of the item.',
      resolve: ({ item }) => item.alt ?? item.name,
    }),
    background: t.field({
      type: 'HexColor',
      nullable: true,
      description: 'The ground of the picture; null where it is transparent, or chosen by the art.',
      resolve: ({ src }) => (src.background === 'auto' ? null : src.background),
    }),
    placeholder: t.field({
      type: PlaceholderRef,
      nullable: true,
      description:
        "On the ground of the picture's theme, in its ink; null until the item was drawn for the first time.",
      resolve: ({ item, theme }) => placeholderOfItem(item, theme),
    }),
    stableUrl: t.field({
      type: 'URL',
      description:
        'An address that stays when the source or the service changes, and redirects to the immutable picture: for mails, documents and og:image.',
      resolve: ({ stableUrl }, _args, { imageUrl }) => `${imageUrl}/${stableUrl}`,
    }),
  }),
})

const SwatchRef = builder.objectRef<{ color: string; share: number }>('Swatch').implement({
  description: 'A colour of an item, and how much of its art has it.',
  fields: (t) => ({
    color: t.expose('color', { type: 'HexColor', description: 'Near colours count as one.' }),
    share: t.exposeFloat('share', { description: 'Of what is drawn, 0 to 1.' }),
  }),
})

builder.prismaInterfaceFields(ItemRef, (t) => ({
  picture: t.field({
    type: PictureRef,
    nullable: true,
    description:
      'A responsive picture of this item. Null where nothing can be shown: it is taken down, or its source cannot be drawn.',
    select: COLUMNS,
    complexity: ({ widths }) => 4 + Math.min(widths?.length ?? 4, WIDTHS_MAX),
    args: {
      widths: t.arg.intList({
        description: `px, each snapped up to a size of the ladder, at most ${WIDTHS_MAX}. Left out: ${WIDTHS.ICON.join(', ')} for icons and ${WIDTHS.ILLUSTRATION.join(', ')} for illustrations.`,
      }),
      theme: t.arg({ type: ThemeRef, required: true, defaultValue: 'LIGHT', description: 'Its ground and ink.' }),
      color: t.arg({ type: 'HexColor', description: 'The colour of art in currentColor.' }),
      preset: t.arg.string({
        description:
          'Shows what this preset shows, in the widths of all presets that show the same. It goes without theme and color.',
      }),
    },
    resolve: async (item, args, context) => {
      const { isGone, failure } = await context.loaders.states(item.id, null)
      if (isGone || failure?.settled) return null
      return args.preset
        ? pictureByPreset(item, { ...args, preset: args.preset }, context)
        : pictureOf(item, args, context)
    },
  }),
  palette: t.field({
    type: ['HexColor'],
    description: 'At most five colours of the art, the most frequent first; empty until the item was drawn.',
    select: { palette: true },
    resolve: async ({ id, palette }, _args, { loaders }) => ((await loaders.takenDown.load(id)) ? [] : palette),
  }),
  swatches: t.field({
    type: [SwatchRef],
    description: 'The palette with the share of each colour.',
    select: { palette: true, paletteShares: true },
    resolve: async ({ id, palette, paletteShares }, _args, { loaders }) =>
      (await loaders.takenDown.load(id)) ? [] : palette.map((color, at) => ({ color, share: paletteShares[at] ?? 0 })),
  }),
  isMonochrome: t.exposeBoolean('isMonochrome', {
    description: 'All of the art has one colour. False until the item was drawn.',
  }),
}))

/** Throws BAD_INPUT. */
function pictureOf(item: PicturedItem, { widths, theme, color }: PictureArgs, { app }: Context): Picture {
  const { presets, ladder } = app
  const asked = checkWidths(widths) ?? WIDTHS[item.kind]
  const transforms = asked.map((width) => offeredTransform(ladder, { width, theme, color }))
  const byWidth = new Map(transforms.map((transform) => [transform.width ?? 0, transform]))
  const drawn = [...byWidth.values()]
    .sort((a, b) => (a.width ?? 0) - (b.width ?? 0))
    .map((transform) => ({
      webp: issueTransform(presets, { transform, art: item, format: 'WEBP' }),
      avif: () => issueTransform(presets, { transform, art: item, format: 'AVIF' }),
    }))
  const src = srcOf(drawn)
  const stableUrl = printStableUrl(item.uniqueId, 'WEBP', { w: src.width, theme, color })
  return { item, theme, drawn, src, stableUrl }
}

/** Throws BAD_INPUT. */
function pictureByPreset(
  item: PicturedItem,
  { widths, theme, color, preset: name }: PictureArgs & { preset: string },
  { app }: Context,
): Picture {
  if (theme !== 'LIGHT' || color)
    throw new AppError(
      'BAD_INPUT',
      `The preset ${JSON.stringify(name.slice(0, 100))} has its own ground and ink: leave theme and color out.`,
    )
  const named = offeredPreset(app.presets, name)
  const all = presetsLike(app.presets, named, 'WEBP')
  const sizes = all.map(({ width }) => width)
  const asked = checkWidths(widths)?.map((width) => snapUp(sizes, width))
  const drawn = all
    .filter(({ width }) => asked?.includes(width) ?? true)
    .map((preset) => ({ webp: preset, avif: () => preset }))
  const src = asked ? srcOf(drawn) : named
  const ground = (['LIGHT', 'DARK'] as const).find((each) => THEME_COLOURS[each].background === named.background)
  const stableUrl = printStableUrl(item.uniqueId, 'WEBP', { preset: src.name })
  return { item, theme: ground ?? (named.background === null ? 'TRANSPARENT' : 'LIGHT'), drawn, src, stableUrl }
}

function srcOf(drawn: Picture['drawn']): Preset {
  const [narrowest] = drawn
  const src = drawn.findLast(({ webp }) => webp.width <= SRC_MAX_PX) ?? narrowest
  if (!src) throw new Error('a picture without widths')
  return src.webp
}

/** Null where none are given. Throws BAD_INPUT. */
function checkWidths(widths: readonly number[] | null | undefined): readonly number[] | null {
  if (!widths) return null
  if (widths.length === 0 || widths.length > WIDTHS_MAX)
    throw new AppError('BAD_INPUT', `widths has ${widths.length} entries; 1 to ${WIDTHS_MAX} are taken.`)
  const bad = widths.find((width) => width < 1)
  if (bad !== undefined) throw new AppError('BAD_INPUT', `widths has ${bad}; a width is at least 1 px.`)
  return widths
}
