import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { onErrorStatus } from './picture-status.ts'

interface PictureProps {
  readonly src: string
  readonly alt: string
  readonly width: number
  readonly height: number
  readonly placeholder?: { readonly dataUrl: string; readonly dominantColor: string } | null
  readonly isLazy?: boolean
  /** Shown on a checkered ground. */
  readonly isTransparent?: boolean
  /** Called when it cannot be loaded: the service may know by now why. */
  readonly onBroken?: (() => void) | undefined
}

/** Waits before another try of a picture that did not come: the service may be busy, or starting again. */
const RETRIES_MS = [2000, 4000, 8000, 15_000, 30_000]

/**
 * The same picture at an address that the page has not shown yet: a browser that has a stand-in does not ask the same address again. Of
 * another origin it has none, and the address may be signed.
 */
function again(src: string, tries: number): string {
  const url = new URL(src, location.href)
  if (tries === 0 || url.origin !== location.origin) return src
  url.searchParams.set('try', String(tries))
  return url.href
}

interface Progress {
  readonly src: string
  readonly state: 'loading' | 'loaded' | 'broken'
  readonly tries: number
}

/** A picture in its well: its place is kept, and its placeholder shows until it has loaded. One that does not come is asked for again. */
export function Picture(props: PictureProps) {
  const { src, alt, width, height, placeholder, isLazy = true, isTransparent = false, onBroken } = props
  const [last, setLast] = useState<Progress>({ src, state: 'loading', tries: 0 })
  // Another picture begins anew.
  const { state, tries } = last.src === src ? last : { state: 'loading' as const, tries: 0 }
  const image = useRef<HTMLImageElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const show = (next: Progress['state']) => setLast({ src, state: next, tries })

  useEffect(() => {
    if (image.current?.complete && image.current.naturalWidth > 0) setLast({ src, state: 'loaded', tries: 0 })
    return () => clearTimeout(timer.current)
  }, [src])
  const retry = () => {
    clearTimeout(timer.current)
    const waitMs = RETRIES_MS[tries]
    if (waitMs === undefined) return show('broken')
    timer.current = setTimeout(() => setLast({ src, state: 'loading', tries: tries + 1 }), waitMs)
  }
  // Before its answer can come.
  useLayoutEffect(
    () =>
      onErrorStatus(again(src, tries), (status) => {
        // What is refused for good has no next try.
        if (status < 500 && status !== 429) return clearTimeout(timer.current)
        show('loading')
        retry()
      }),
    [src, tries],
  )
  return (
    <span
      class={`picture ${state}${isTransparent ? ' clear' : ''}`}
      style={{
        '--ratio': width / height,
        aspectRatio: `${width} / ${height}`,
        backgroundImage: placeholder && !(isTransparent && state === 'loaded') ? `url("${placeholder.dataUrl}")` : '',
      }}
    >
      <img
        key={`${src} ${tries}`}
        ref={image}
        src={again(src, tries)}
        alt={alt}
        width={width}
        height={height}
        loading={isLazy ? 'lazy' : 'eager'}
        decoding="async"
        onLoad={() => show('loaded')}
        onError={() => {
          show('broken')
          retry()
          onBroken?.()
        }}
      />
    </span>
  )
}
