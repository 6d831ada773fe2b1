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
import { pictureUrlOf } from './picture-url.ts'
import { PLACEHOLDER_COLUMNS, PlaceholderRef, placeholderOfItem } from './placeholder.ts'
import { presetsLike } from './src-set.ts'
import { ThemeRef } from './transform.ts'

const WIDTHS_MAX = 12
/** Widths in px of a card and of a page's main picture, at a device pixel ratio of 1 and 2. */
const WIDTHS = { ICON: [64, 128, 256, 512], ILLUSTRATION: [256, 512, 768, 1024] } as const
/** The `src` of a picture, for clients that do not read srcset, is its largest width up to this one. */
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
type PicturedItem = Pick<Item, keyof typeof COLUMNS | 'id' | 'kind' | 'sourceKey' | 'sourceHash' | 'visibility'>

interface PictureArgs {
  readonly widths?: readonly number[] | null | undefined
  readonly theme: Theme
  readonly color?: string | null | undefined
  readonly preset?: string | null | undefined
}

interface Picture {
  readonly item: PicturedItem
  readonly theme: Theme
  /** One for each width, narrowest first. */
  readonly drawn: readonly { readonly webp: Preset; readonly avif: () => Preset }[]
  readonly src: Preset
  readonly stableUrl: string
}

const PictureSourceRef = builder.objectRef<{ type: string; srcSet: string }>('PictureSource').implement({
  description: 'A <source> element of a <picture>.',
  fields: (t) => ({
    type: t.exposeString('type', { description: 'The MIME type, such as image/avif.' }),
    srcSet: t.exposeString('srcSet', { description: 'The srcset, with the same widths as the picture.' }),
  }),
})

const urlOf = (context: Context, item: PicturedItem, { drawn, format }: { drawn: Preset; format: ImageFormat }) =>
  pictureUrlOf(context, {
    key: variantKeyOf(context.app, item, specOf(drawn, format)),
    isPrivate: item.visibility === 'PRIVATE',
  })

const srcSetOf = (context: Context, { item, drawn }: Picture, format: 'WEBP' | 'AVIF') =>
  drawn
    .map((each) => (format === 'WEBP' ? each.webp : each.avif()))
    .map((preset) => `${urlOf(context, item, { drawn: preset, format })} ${preset.width}w`)
    .join(', ')

/** Each of up to twelve URLs is signed, and as long as two fields. */
const URLS_COMPLEXITY = 24

const PictureRef = builder.objectRef<Picture>('Picture').implement({
  description:
    'Everything that a responsive <img> or <picture> needs. Every URL works immediately: a missing picture is made on the first request.',
  fields: (t) => ({
    src: t.field({
      type: 'URL',
      description: `The immutable URL of a WebP with the largest of the widths up to ${SRC_MAX_PX} px.`,
      resolve: ({ item, src }, _args, context) => urlOf(context, item, { drawn: src, format: 'WEBP' }),
    }),
    srcSet: t.string({
      complexity: URLS_COMPLEXITY,
      description: 'The srcset: the URL and width of each picture, as WebP.',
      resolve: (picture, _args, context) => srcSetOf(context, picture, 'WEBP'),
    }),
    sources: t.field({
      type: [PictureSourceRef],
      complexity: URLS_COMPLEXITY,
      description:
        'Formats that are smaller than WebP for this kind of art at all of these widths, best first: AVIF for shaded art from 256 px, and none for flat art, for which WebP is the smallest. src and srcSet are the fallback.',
      resolve: (picture, _args, context) => {
        const widths = picture.drawn.map(({ webp }) => webp.width)
        if (!offersAvif(picture.item.suitsAvif, widths)) return []
        if (!picture.drawn.every(({ avif }) => avif().formats.includes('AVIF'))) return []
        return [{ type: mimeTypeOf('AVIF'), srcSet: srcSetOf(context, picture, 'AVIF') }]
      },
    }),
    width: t.int({ description: 'Width of src in px.', resolve: ({ src }) => src.width }),
    height: t.int({ description: 'Height of src in px.', resolve: ({ src }) => src.height }),
    alt: t.string({
      description: "Alternative text: the item's `alt`.",
      resolve: ({ item }) => item.alt ?? item.name,
    }),
    background: t.field({
      type: 'HexColor',
      nullable: true,
      description: 'The background of the picture; null if it is transparent or depends on the art.',
      resolve: ({ src }) => (src.background === 'auto' ? null : src.background),
    }),
    placeholder: t.field({
      type: PlaceholderRef,
      nullable: true,
      description: "A placeholder in the colours of the picture's theme; null until the item is first rendered.",
      resolve: ({ item, theme }) => placeholderOfItem(item, theme),
    }),
    stableUrl: t.field({
      type: 'URL',
      description:
        'A permanent address that stays the same when the source or the service changes, and redirects to the immutable picture: for e-mail, documents and og:image. A PRIVATE item has none: it is the signed src, which expires.',
      resolve: ({ item, src, stableUrl }, _args, context) =>
        item.visibility === 'PRIVATE'
          ? urlOf(context, item, { drawn: src, format: 'WEBP' })
          : `${context.imageUrl}/${stableUrl}`,
    }),
  }),
})

const SwatchRef = builder.objectRef<{ color: string; share: number }>('Swatch').implement({
  description: 'A colour of an item, and its share of the art.',
  fields: (t) => ({
    color: t.expose('color', { type: 'HexColor', description: 'The colour. Similar colours count as one.' }),
    share: t.exposeFloat('share', { description: 'Its share of the drawn area, 0 to 1.' }),
  }),
})

builder.prismaInterfaceFields(ItemRef, (t) => ({
  picture: t.field({
    type: PictureRef,
    nullable: true,
    description: 'A responsive picture of this item. Null if it is taken down or its source cannot be rendered.',
    select: COLUMNS,
    complexity: ({ widths }) => 4 + Math.min(widths?.length ?? 4, WIDTHS_MAX),
    args: {
      widths: t.arg.intList({
        description: `Widths in px, each rounded up to a size of the ladder; at most ${WIDTHS_MAX}. Default: ${WIDTHS.ICON.join(', ')} for icons and ${WIDTHS.ILLUSTRATION.join(', ')} for illustrations.`,
      }),
      theme: t.arg({
        type: ThemeRef,
        required: true,
        defaultValue: 'LIGHT',
        description: 'The theme: the background, and the colour of art in currentColor.',
      }),
      color: t.arg({ type: 'HexColor', description: 'The colour of art drawn in currentColor.' }),
      preset: t.arg.string({
        description:
          'Uses this preset, in the widths of all presets that differ from it only in size. Cannot be combined with theme or color.',
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
    description: 'At most five colours of the art, most frequent first; empty until the item is first rendered.',
    select: { palette: true },
    resolve: async ({ id, palette }, _args, { loaders }) => ((await loaders.takenDown.load(id)) ? [] : palette),
  }),
  swatches: t.field({
    type: [SwatchRef],
    description: 'The palette, with the share of each colour.',
    select: { palette: true, paletteShares: true },
    resolve: async ({ id, palette, paletteShares }, _args, { loaders }) =>
      (await loaders.takenDown.load(id)) ? [] : palette.map((color, at) => ({ color, share: paletteShares[at] ?? 0 })),
  }),
  isMonochrome: t.exposeBoolean('isMonochrome', {
    description: 'Whether all of the art has one colour. False until the item is first rendered.',
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
      `The preset ${JSON.stringify(name.slice(0, 100))} has its own background and colour: leave theme and color out.`,
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
  if (!src) throw new Error('a picture has no widths')
  return src.webp
}

/** Null if none are given. Throws BAD_INPUT. */
function checkWidths(widths: readonly number[] | null | undefined): readonly number[] | null {
  if (!widths) return null
  if (widths.length === 0 || widths.length > WIDTHS_MAX)
    throw new AppError('BAD_INPUT', `widths has ${widths.length} entries; 1 to ${WIDTHS_MAX} are allowed.`)
  const bad = widths.find((width) => width < 1)
  if (bad !== undefined) throw new AppError('BAD_INPUT', `widths has ${bad}; a width is at least 1 px.`)
  return widths
}
