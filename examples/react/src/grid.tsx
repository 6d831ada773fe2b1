import type { CardFields } from '@afterimage/client'
import { Picture } from '@afterimage/client/react'
import { useEffect, useRef } from 'react'
import type { Scheme } from './use-scheme.ts'

/** Widths of a card's picture in px, at a device pixel ratio of 1 and 2. */
export const WIDTHS = [128, 256]
export const PAGE = 48

interface GridProps {
  readonly cards: readonly CardFields[]
  readonly scheme: Scheme
  /** Called when the end of the grid is near the window. */
  readonly onEnd: () => void
}

export function Grid({ cards, scheme, onEnd }: GridProps) {
  const end = useRef<HTMLDivElement>(null)
  // Observed again after each page: in a tall window the end may still be in view, and then no new event would fire.
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onEnd(), { rootMargin: '600px' })
    if (end.current) observer.observe(end.current)
    return () => observer.disconnect()
  }, [onEnd])
  return (
    <>
      <ul className="grid" aria-label="Pictures">
        {cards.map(({ id, name, light, dark }) => (
          <li key={id}>
            <a className="card" href={light?.stableUrl}>
              <Picture picture={light} dark={dark} colorScheme={scheme} sizes="96px" />
              <span title={name}>{name}</span>
            </a>
          </li>
        ))}
      </ul>
      <div ref={end} />
    </>
  )
}
