import { type Element, inherited } from './tree.ts'
import { print } from './values.ts'

/** A positioned letter, in px. */
export interface PlacedLetter {
  readonly element: Element
  readonly x: number
  readonly y: number
  readonly advance: number
  readonly size: number
  readonly ascent: number
}

/** Whether a text has decoration lines. */
export const isDecorated = (element: Element): boolean => ownersOf(element).length > 0

interface Owner {
  /** The element whose paint the line has. */
  readonly element: Element
  readonly kinds: readonly string[]
}

/** The property is not inherited, but its lines extend through all descendants, including those set on ancestors of the text. */
function ownersOf(element: Element): Owner[] {
  const owners: Owner[] = []
  let painted = element
  for (let at: Element | null = element; at; at = at.parent) {
    if (painted.name !== 'text') painted = at
    const value = at.attributes.get('text-decoration')
    if (value !== undefined && value !== 'none') owners.push({ element: painted, kinds: value.split(' ') })
  }
  return owners
}

/** The distance of a line's upper edge below the baseline, as in Chromium; a line is a tenth of an em thick. */
const THICKNESS = 0.1
function topOf(kind: string, { size, ascent }: PlacedLetter): number {
  const thickness = THICKNESS * size
  if (kind === 'underline') return thickness / 2
  return kind === 'overline' ? -ascent - thickness / 2 : -ascent / 3 - thickness / 2
}

/** The decoration lines of adjacent letters: path data of rectangles, by the element whose paint they have. */
export function decorate(letters: readonly PlacedLetter[]): Map<Element, string> {
  const drawn = new Map<Element, string>()
  const open = new Map<string, { owner: Element; x: number; end: number; top: number; height: number }>()
  const close = (key: string) => {
    const line = open.get(key)
    if (!line) return
    const { owner, x, end, top, height } = line
    drawn.set(owner, `${drawn.get(owner) ?? ''}M${print(x)} ${print(top)}H${print(end)}v${print(height)}H${print(x)}z`)
    open.delete(key)
  }
  for (const letter of letters) {
    const seen = new Set<string>()
    for (const [level, { element, kinds }] of ownersOf(letter.element).reverse().entries())
      for (const kind of kinds) {
        const key = `${level} ${kind}`
        seen.add(key)
        const top = letter.y + topOf(kind, letter)
        const line = open.get(key)
        if (line && line.owner === element && Math.abs(line.end - letter.x) < 0.01 && Math.abs(line.top - top) < 0.01) {
          line.end = letter.x + letter.advance
          continue
        }
        close(key)
        const height = THICKNESS * letter.size
        open.set(key, { owner: element, x: letter.x, end: letter.x + letter.advance, top, height })
      }
    for (const key of [...open.keys()]) if (!seen.has(key)) close(key)
  }
  for (const key of [...open.keys()]) close(key)
  return drawn
}

/** Baselines that librsvg places differently from Chromium. */
const SET_HERE = /^(?:hanging|mathematical|text-before-edge|before-edge|text-top)$/

/** Whether an element uses a baseline that must be positioned here. */
export const isOnOwnBaseline = (element: Element): boolean =>
  SET_HERE.test(inherited(element, 'dominant-baseline') ?? '') ||
  (element.name !== 'text' &&
    !/^(?:auto|baseline|alphabetic)$/.test(element.attributes.get('alignment-baseline') ?? 'auto'))
