/** Stable addresses of pictures, built without a request to the service. Pure. */

export type ImageFormat = 'webp' | 'avif' | 'png'
export type Theme = 'light' | 'dark' | 'transparent'

/** Options of a picture. The defaults are 512 px wide, WebP and light. */
export interface ImageOptions {
  readonly format?: ImageFormat | undefined
  /** px, rounded up to the service's ladder of sizes. */
  readonly width?: number | undefined
  /** px; follows from the art's ratio if only the width is given. */
  readonly height?: number | undefined
  /** Device pixel ratio, by which the sides are multiplied: 0.5 to 4. */
  readonly dpr?: number | undefined
  /** Only matters if both sides are given. */
  readonly fit?: 'contain' | 'cover' | undefined
  /** Space on each side, in px. */
  readonly padding?: number | undefined
  /** `transparent`, `white`, `auto` or #rrggbb; defaults to the theme's. */
  readonly background?: string | undefined
  /** #rrggbb: the colour of art drawn in currentColor. */
  readonly color?: string | undefined
  readonly theme?: Theme | undefined
}

/** A picture in one of the service's presets, without other options. */
export interface PresetOptions {
  readonly format?: ImageFormat | undefined
  readonly preset: string
}

/**
 * The stable address of an item's picture. It redirects to the immutable picture.
 * @param base the address of the service or of its CDN, such as https://images.example.com
 * @param uniqueId the item's unique id: 12 characters A-Z and 0-9
 */
export function imageUrl(base: string, uniqueId: string, options: ImageOptions | PresetOptions = {}): string {
  const path = `${trim(base)}/i/${encodeURIComponent(uniqueId)}.${options.format ?? 'webp'}`
  const query = new URLSearchParams()
  if ('preset' in options) query.set('preset', options.preset)
  else for (const [name, value] of parametersOf(options)) query.set(name, value)
  return query.size > 0 ? `${path}?${query}` : path
}

/** Parameters in the order in which the service prints them, so that a cache holds only one copy. */
function parametersOf(options: ImageOptions): [string, string][] {
  const { width, height, dpr, fit, padding, background, color, theme } = options
  const given = {
    w: width,
    h: height,
    dpr,
    fit,
    padding,
    theme: theme === 'light' ? undefined : theme,
    // A `#` would start the fragment of the URL.
    background: background?.replace(/^#/, ''),
    color: color?.replace(/^#/, ''),
  }
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
}

/**
 * The stable address of a family's preview, for example for og:image. PNG by default, since all crawlers read it.
 * @param base the same as for imageUrl
 * @param uniqueId the family's unique id
 */
export function familyImageUrl(
  base: string,
  uniqueId: string,
  { layout = 'card', format = 'png' }: { readonly layout?: string; readonly format?: ImageFormat } = {},
): string {
  return `${trim(base)}/f/${encodeURIComponent(uniqueId)}/${encodeURIComponent(layout)}.${format}`
}

/** A srcset of stable addresses, for these widths in px. */
export const imageSrcSet = (
  base: string,
  uniqueId: string,
  { widths, ...options }: Omit<ImageOptions, 'width' | 'height' | 'dpr'> & { readonly widths: readonly number[] },
): string => widths.map((width) => `${imageUrl(base, uniqueId, { ...options, width })} ${width}w`).join(', ')

/**
 * A loader for next/image, whose `src` is the unique id of an item: `export default createImageLoader('https://images.example.com')`
 * in the file that `images.loaderFile` names. Next's `quality` is ignored: the service chooses the quality by the art.
 */
export const createImageLoader =
  (base: string, options: Omit<ImageOptions, 'width' | 'dpr'> = {}) =>
  ({ src, width }: { readonly src: string; readonly width: number; readonly quality?: number | undefined }): string =>
    imageUrl(base, src, { ...options, width })

const trim = (base: string) => base.replace(/\/+$/, '')
