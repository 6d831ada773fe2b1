import type { PictureFields } from './operations.ts'

/** What the React component and the web component make of a picture alike. Pure. */

export type ColorScheme = 'light' | 'dark' | 'auto'

interface Dark {
  readonly dark: PictureFields | null
  readonly colorScheme: ColorScheme
}

export interface Source {
  readonly type: string
  readonly srcSet: string
  readonly media?: string
}

const DARK = '(prefers-color-scheme: dark)'

/** The `<source>` elements, in the order in which a browser tries them: dark ones first where the system decides. */
export function sourcesOf(picture: PictureFields, { dark, colorScheme }: Dark): Source[] {
  if (colorScheme !== 'auto' || !dark) return [...picture.sources]
  const webp = { type: 'image/webp', srcSet: dark.srcSet }
  return [...[...dark.sources, webp].map((source) => ({ ...source, media: DARK })), ...picture.sources]
}

interface Ground {
  readonly backgroundColor?: string
  readonly backgroundImage?: string
  readonly backgroundSize?: string
}

/** What stands in the picture's box until its bytes are there, as CSS. */
export function groundOf(picture: PictureFields, { dark, colorScheme }: Dark): Ground {
  // Of two placeholders CSS cannot choose by the system: their colours can.
  if (colorScheme === 'auto' && dark) return { backgroundColor: `light-dark(${colourOf(picture)}, ${colourOf(dark)})` }
  const { placeholder } = picture
  const color = { backgroundColor: picture.background ?? 'transparent' }
  // A data URL of base64 has no quote to escape.
  return placeholder
    ? { ...color, backgroundImage: `url("${placeholder.dataUrl}")`, backgroundSize: '100% 100%' }
    : color
}

const colourOf = ({ background }: PictureFields) => background ?? 'transparent'
