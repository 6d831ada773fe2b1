import { useEffect, useRef, useState } from 'preact/hooks'

interface PictureProps {
  readonly src: string
  readonly alt: string
  readonly width: number
  readonly height: number
  readonly placeholder?: { readonly dataUrl: string; readonly dominantColor: string } | null
  readonly isLazy?: boolean
  readonly srcSet?: string
  readonly sizes?: string
  /** Shown on a checkered ground. */
  readonly isTransparent?: boolean
  /** Called when it cannot be loaded: the service may know by now why. */
  readonly onBroken?: (() => void) | undefined
}

/** A picture in its well: its place is kept, and its placeholder shows until it has loaded. */
export function Picture(props: PictureProps) {
  const { src, alt, width, height, placeholder, isLazy = true, srcSet, sizes, isTransparent = false, onBroken } = props
  // Another picture begins anew.
  const [last, setLast] = useState<{ src: string; state: 'loaded' | 'broken' } | null>(null)
  const state = last?.src === src ? last.state : 'loading'
  const image = useRef<HTMLImageElement>(null)
  useEffect(() => {
    if (image.current?.complete && image.current.naturalWidth > 0) setLast({ src, state: 'loaded' })
  }, [src])
  return (
    <span
      class={`picture ${state}${isTransparent ? ' clear' : ''}`}
      style={{
        aspectRatio: `${width} / ${height}`,
        backgroundImage: placeholder && !(isTransparent && state === 'loaded') ? `url("${placeholder.dataUrl}")` : '',
      }}
    >
      <img
        ref={image}
        src={src}
        srcset={srcSet}
        sizes={sizes}
        alt={alt}
        width={width}
        height={height}
        loading={isLazy ? 'lazy' : 'eager'}
        decoding="async"
        onLoad={() => setLast({ src, state: 'loaded' })}
        onError={() => {
          setLast({ src, state: 'broken' })
          onBroken?.()
        }}
      />
    </span>
  )
}
