import type { PictureFields } from './operations.ts'

/** What the React component and the web component share. Pure. */

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

/** The `<source>` elements, in the order in which a browser tries them: dark ones first if the system decides. */
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

/** CSS for the picture's box until the picture has loaded. */
export function groundOf(picture: PictureFields, { dark, colorScheme }: Dark): Ground {
  // CSS cannot choose between two placeholder images by the system's scheme, but it can between two colours.
  if (colorScheme === 'auto' && dark) return { backgroundColor: `light-dark(${colourOf(picture)}, ${colourOf(dark)})` }
  const { placeholder } = picture
  const color = { backgroundColor: picture.background ?? 'transparent' }
  // A base64 data URL contains no quotes to escape.
  return placeholder
    ? { ...color, backgroundImage: `url("${placeholder.dataUrl}")`, backgroundSize: '100% 100%' }
    : color
}

const colourOf = ({ background }: PictureFields) => background ?? 'transparent'
