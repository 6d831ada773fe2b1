import type { Item } from '../../prisma/generated/client/client.ts'
import { THEME_COLOURS, type Theme } from '../core/transform-request.ts'
import { placeholderTypeOf } from '../core/variant.ts'
import { builder } from './builder.ts'

interface Placeholder {
  readonly thumbHash: string
  readonly dominantColor: string
  readonly preview: Uint8Array
}

/** The columns that a placeholder of any theme is made of. */
export const PLACEHOLDER_COLUMNS = {
  thumbHash: true,
  dominantColor: true,
  fillsGround: true,
  placeholder: true,
  placeholderDark: true,
  placeholderClear: true,
} as const

const COLUMNS = { LIGHT: 'placeholder', DARK: 'placeholderDark', TRANSPARENT: 'placeholderClear' } as const

/** What a page shows until the picture is there, on the picture's own ground; null until the item was drawn. */
export function placeholderOfItem(
  item: Pick<Item, keyof typeof PLACEHOLDER_COLUMNS>,
  theme: Theme,
): Placeholder | null {
  const { thumbHash, dominantColor, fillsGround } = item
  const preview = item[COLUMNS[theme]]
  if (!thumbHash || !dominantColor || !preview) return null
  // The black of line art would be a black page.
  const ground = THEME_COLOURS[theme].background ?? '#00000000'
  return { thumbHash, preview, dominantColor: fillsGround ? dominantColor : ground }
}

export const PlaceholderRef = builder.objectRef<Placeholder>('Placeholder').implement({
  description: 'What a page shows until a picture is there. Kept with the item: nothing is computed for it.',
  fields: (t) => ({
    thumbHash: t.exposeString('thumbHash', { description: 'ThumbHash in base64, with alpha: about 28 bytes.' }),
    dataUrl: t.string({
      description:
        "A WebP or PNG of at most 16 px a side, on the picture's own ground, as a data URL of at most 300 characters.",
      resolve: ({ preview }) => `data:${placeholderTypeOf(preview)};base64,${Buffer.from(preview).toString('base64')}`,
    }),
    dominantColor: t.exposeString('dominantColor', {
      description:
        "A colour for the picture's place: #rrggbb of the art where it covers most of the picture, else the picture's own ground, #00000000 where that is transparent. The art's colours are in `palette`.",
    }),
  }),
})
