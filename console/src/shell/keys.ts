import { useEffect } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { viewer } from '../data/session.ts'
import { pagesOf } from './pages.ts'

/** How long g waits for its letter. */
const CHORD_MS = 1200

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** `/` goes to the search, `g` and a letter to a page. Nothing is taken from who is typing. */
export function useShortcuts(): void {
  const { route } = useLocation()
  useEffect(() => {
    let chordUntil = 0
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (event.key === '/') {
        event.preventDefault()
        document.getElementById('search')?.focus()
      } else if (event.key === 'g') chordUntil = Date.now() + CHORD_MS
      else if (Date.now() < chordUntil) {
        chordUntil = 0
        const page = pagesOf(viewer.peek()).find(({ key }) => key === event.key)
        if (page) route(page.path)
      }
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [route])
}

/**
 * Arrow keys between the links of a grid, by where they are on the screen: give it as onKeyDown of the grid. Home and End go to the first
 * and the last.
 */
export function moveInGrid(event: KeyboardEvent): void {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 'up', ArrowDown: 'down', Home: 'first', End: 'last' }[event.key]
  if (step === undefined || !(event.currentTarget instanceof HTMLElement)) return
  const cells = [...event.currentTarget.querySelectorAll<HTMLElement>('a[href], button')]
  const at = cells.indexOf(document.activeElement as HTMLElement)
  if (at < 0) return
  event.preventDefault()
  const target =
    typeof step === 'number'
      ? cells[at + step]
      : step === 'first'
        ? cells[0]
        : step === 'last'
          ? cells.at(-1)
          : inNextRow(cells, at, step === 'down' ? 1 : -1)
  target?.focus()
}

/** The cell of the next row that lies closest to the same column. */
function inNextRow(cells: readonly HTMLElement[], at: number, direction: 1 | -1): HTMLElement | undefined {
  const from = cells[at]?.getBoundingClientRect()
  if (!from) return undefined
  let best: HTMLElement | undefined
  let row: number | null = null
  for (let index = at + direction; cells[index]; index += direction) {
    const cell = cells[index] as HTMLElement
    const { top, left } = cell.getBoundingClientRect()
    if (Math.abs(top - from.top) < 4) continue
    row ??= top
    if (Math.abs(top - row) > 4) break
    if (!best || Math.abs(left - from.left) < Math.abs(best.getBoundingClientRect().left - from.left)) best = cell
  }
  return best
}
