import type { Item } from '../../prisma/generated/client/client.ts'
import { THEME_COLOURS, type Theme } from '../core/transform-request.ts'
import { placeholderTypeOf } from '../core/variant.ts'
import { builder } from './builder.ts'

interface Placeholder {
  readonly thumbHash: string
  readonly dominantColor: string
  readonly preview: Uint8Array
}

/** The columns from which a placeholder of any theme is built. */
export const PLACEHOLDER_COLUMNS = {
  thumbHash: true,
  dominantColor: true,
  fillsGround: true,
  placeholder: true,
  placeholderDark: true,
  placeholderClear: true,
} as const

const COLUMNS = { LIGHT: 'placeholder', DARK: 'placeholderDark', TRANSPARENT: 'placeholderClear' } as const

/** What a page shows until the picture has loaded, on the picture's own background; null until the item is first rendered. */
export function placeholderOfItem(
  item: Pick<Item, keyof typeof PLACEHOLDER_COLUMNS>,
  theme: Theme,
): Placeholder | null {
  const { thumbHash, dominantColor, fillsGround } = item
  const preview = item[COLUMNS[theme]]
  if (!thumbHash || !dominantColor || !preview) return null
  // Black line art would otherwise give a black page.
  const ground = THEME_COLOURS[theme].background ?? '#00000000'
  return { thumbHash, preview, dominantColor: fillsGround ? dominantColor : ground }
}

export const PlaceholderRef = builder.objectRef<Placeholder>('Placeholder').implement({
  description: 'What a page shows until a picture has loaded. It is stored with the item, so reading it costs nothing.',
  fields: (t) => ({
    thumbHash: t.exposeString('thumbHash', { description: 'ThumbHash in base64, with alpha: about 28 bytes.' }),
    dataUrl: t.string({
      description:
        "A WebP or PNG of at most 16 px per side, on the picture's own background, as a data URL of at most 300 characters.",
      resolve: ({ preview }) => `data:${placeholderTypeOf(preview)};base64,${Buffer.from(preview).toString('base64')}`,
    }),
    dominantColor: t.exposeString('dominantColor', {
      description:
        "A colour to fill the picture's place with: #rrggbb of the art if it covers most of the picture, else of the picture's own background, or #00000000 if that is transparent. The art's colours are in `palette`.",
    }),
  }),
})
