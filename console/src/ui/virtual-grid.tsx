import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { PagedList } from '../data/paged.ts'
import { moveInGrid } from '../shell/keys.ts'

/** Rows drawn above and below the screen. */
const ROWS_AROUND = 3
/** Rows kept free at the end while there is more: what is scrolled to is on its way. */
const ROWS_TO_COME = 4

interface GridProps<Node> {
  readonly list: PagedList<Node>
  readonly label: string
  /** Widths in px; columns are as many as fit. */
  readonly cellMin: number
  /** Height in px below the square of a cell. */
  readonly footHeight: number
  readonly gap: number
  readonly children: (node: Node | undefined, index: number) => ComponentChildren
}

/** Below this width a grid is of a phone: its cells are smaller, three across. */
const PHONE_PX = 520
const PHONE = { cellMin: 92, gap: 10 }

/** A grid of squares with a foot each, of which only the rows near the screen are in the page. It scrolls with the window. */
export function VirtualGrid<Node>({ list, label, footHeight, children, ...wide }: GridProps<Node>) {
  const place = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [view, setView] = useState({ top: list.scrollY, height: innerHeight })

  useLayoutEffect(() => {
    const element = place.current
    if (!element) return
    const measure = () => setWidth(element.clientWidth)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  // Back to where it was left, once there is a height to scroll in.
  const isPlaced = useRef<PagedList<Node> | null>(null)
  useLayoutEffect(() => {
    if (width === 0 || isPlaced.current === list) return
    const isReturn = isPlaced.current === null
    isPlaced.current = list
    if (isReturn && list.scrollY > 0) scrollTo({ top: list.scrollY, behavior: 'instant' })
  }, [width, list])

  useEffect(() => {
    // The router scrolls to the top of the next page while this one is still shown.
    const { href } = location
    let frame = 0
    const onScroll = () => {
      cancelAnimationFrame(frame)
      frame = requestAnimationFrame(() => {
        if (isPlaced.current && location.href === href) list.scrollY = scrollY
        const { top = 0 } = place.current?.getBoundingClientRect() ?? {}
        setView({ top: Math.max(0, -top), height: innerHeight })
      })
    }
    onScroll()
    addEventListener('scroll', onScroll, { passive: true })
    addEventListener('resize', onScroll)
    return () => {
      cancelAnimationFrame(frame)
      removeEventListener('scroll', onScroll)
      removeEventListener('resize', onScroll)
    }
  }, [list])

  const { cellMin, gap } = width < PHONE_PX ? PHONE : wide
  const columns = Math.max(2, Math.floor((width + gap) / (cellMin + gap)))
  const cell = (width - (columns - 1) * gap) / columns
  const rowHeight = cell + footHeight + gap
  const known = Math.ceil(list.length / columns)
  const rows = known + (list.hasMore && !list.error ? ROWS_TO_COME : 0)
  const firstRow = Math.max(0, Math.floor(view.top / rowHeight) - ROWS_AROUND)
  const lastRow = Math.min(rows, Math.ceil((view.top + view.height) / rowHeight) + ROWS_AROUND)
  const first = firstRow * columns
  const last = Math.max(first, Math.min(lastRow * columns, list.hasMore ? rows * columns : list.length))
  useEffect(() => {
    if (width > 0) list.show(first, Math.max(first, last - 1))
  }, [list, first, last, width])

  return (
    <div ref={place} class="virtual" style={{ height: width > 0 ? `${Math.max(0, rows * rowHeight - gap)}px` : '' }}>
      {width > 0 && (
        <ul
          class="virtual-cells"
          aria-label={label}
          onKeyDown={moveInGrid}
          style={{
            transform: `translateY(${firstRow * rowHeight}px)`,
            gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            gridAutoRows: `${cell + footHeight}px`,
            gap: `${gap}px`,
          }}
        >
          {Array.from({ length: last - first }, (_, at) => (
            <li key={first + at}>{children(list.at(first + at), first + at)}</li>
          ))}
        </ul>
      )}
    </div>
  )
}
