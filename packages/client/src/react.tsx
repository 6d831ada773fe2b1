import { type CSSProperties, type ImgHTMLAttributes, useState } from 'react'
import type { PictureFields } from './operations.ts'
import { type ColorScheme, groundOf, sourcesOf } from './picture-parts.ts'

export interface PictureProps extends Omit<ImgHTMLAttributes<HTMLImageElement>, 'src' | 'srcSet'> {
  /** `Item.picture` as PICTURE_FIELDS selects it. Null: the item cannot be shown, and its box stays empty. */
  readonly picture: PictureFields | null
  /** The same picture on a dark background. */
  readonly dark?: PictureFields | null | undefined
  /** Which of the two to show: `auto` follows the reader's system, without JavaScript. */
  readonly colorScheme?: ColorScheme | undefined
}

/**
 * A responsive picture that causes no layout shift: its box is laid out before the picture has loaded and shows the placeholder. Takes the
 * attributes of `<img>`; `sizes` says how wide it is shown and defaults to its own width in px. Loads lazily unless `loading` is set.
 */
export function Picture({ picture, dark = null, colorScheme = 'light', sizes, style, onLoad, ...rest }: PictureProps) {
  const [loaded, setLoaded] = useState<string | null>(null)
  const shown = (colorScheme === 'dark' && dark) || picture
  if (!shown) return null
  const { src, srcSet, width, height, alt } = shown
  const sizesGiven = sizes ?? `${width}px`
  const ground: CSSProperties = loaded === src ? {} : groundOf(shown, { dark, colorScheme })
  return (
    <picture>
      {sourcesOf(shown, { dark, colorScheme }).map((source) => (
        <source key={`${source.media} ${source.type}`} {...source} sizes={sizesGiven} />
      ))}
      <img
        loading="lazy"
        decoding="async"
        width={width}
        height={height}
        alt={alt}
        {...rest}
        sizes={sizesGiven}
        srcSet={srcSet}
        src={src}
        style={{ ...ground, ...style }}
        onLoad={(event) => {
          setLoaded(src)
          onLoad?.(event)
        }}
      />
    </picture>
  )
}
