import { px } from './lengths.ts'
import { countNumbers } from './path-data.ts'
import { readTransform } from './transform-list.ts'
import { type Element, inherited, type Work } from './tree.ts'

/** The figures below are those of `npm run bench -- work`, which prints them next to the time that each kind takes. */
export const NO_WORK: Work = { resvg: 0, librsvg: 0 }

export const addWork = (a: Work, b: Work, times = 1): Work => ({
  resvg: a.resvg + times * b.resvg,
  librsvg: a.librsvg + times * b.librsvg,
})

export const work = (resvg: number, librsvg: number): Work => ({ resvg, librsvg })
const SHAPE = work(0.016, 0.02)
const TEXT = work(0.3, 0.1)
const SPAN = work(0.45, 0.08)
const LETTER = work(0.085, 0.1)
/** Letters that the default fonts lack: librsvg looks through all fonts for each. */
const RARE_LETTER = work(0.085, 0.46)
/**
 * Multiplied by the square of how many there are in a row: librsvg fills a whole row as one path, whose edges are all at the same heights if
 * its letters are the same. 3,000 percent signs take 2 s, and 3,000 times "a" to "z" 0.2 s.
 */
const LETTER_OF_PATH = work(0, 0.000_25)
const RARE_LETTER_OF_PATH = work(0, 0.0009)
/** A number in a list of positions, which are as many as the letters that are set one by one. */
const POSITION = work(0.03, 0.05)
const POSITIONS = ['x', 'y', 'dx', 'dy', 'rotate'] as const
/** Multiplied by the number of shapes that use the gradient. */
const STOP = work(0.0026, 0.0026)
/** What a shape takes in addition if it is as large as the picture: its fill, and its stroke. */
const FILLED = work(0.13, 0.045)
const STROKED = work(0.06, 0.17)

/** An embedded picture that is as large as the whole: enlarged, turned. */
const PICTURE = work(11, 3.2)

/** What drawing an element takes without its outline, children, references and layers. */
export function workOf(element: Element): Work {
  switch (element.name) {
    case 'path':
    case 'polyline':
    case 'polygon':
    case 'rect':
    case 'circle':
    case 'ellipse':
    case 'line':
    case 'image':
      return SHAPE
    case 'stop':
      return STOP
    case 'text':
      return addWork(TEXT, addWork(workOfLetters(element), workOfPositions(element)))
    case 'tspan':
    case 'textPath':
      return addWork(SPAN, addWork(workOfLetters(element), workOfPositions(element)))
    default:
      return NO_WORK
  }
}

/** @param share of the picture that a shape covers, 0 to 1 */
export function workOfArea(element: Element, share: number): Work {
  if (share === 0) return NO_WORK
  return addWork(addWork(NO_WORK, FILLED, share), isStroked(element) ? STROKED : NO_WORK, share)
}

/** What a letter takes in addition if its stroke is as wide as the picture: its edges cross every line of pixels. */
const STROKED_LETTER = work(0.03, 0.75)

/**
 * What wide strokes of an element's own letters take.
 * @param scale from its units to the root's; null for what is drawn by reference, which may be enlarged and stroked by what refers to it
 */
export function workOfStrokedLetters(
  element: Element,
  { extent, scale }: { extent: number; scale: number | null },
): Work {
  const letters = element.children.reduce((sum, child) => sum + (typeof child === 'string' ? child.length : 0), 0)
  if (letters === 0 || (scale !== null && !isStroked(element))) return NO_WORK
  const share = scale === null ? 1 : Math.min(1, (px(inherited(element, 'stroke-width'), 1) * scale) / extent)
  return addWork(NO_WORK, STROKED_LETTER, letters * share)
}

/** @param share of the picture that an embedded one covers, 0 to 1 */
export const workOfPicture = (share: number): Work => addWork(NO_WORK, PICTURE, share)

/** What a `use` draws may be stroked as that one says: its shapes cannot tell. */
export const isStroked = (element: Element): boolean => (inherited(element, 'stroke') ?? 'none') !== 'none'

const RARE = /[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}\p{Script=Inherited}]/gu

function workOfLetters(element: Element): Work {
  let sum = NO_WORK
  for (const text of element.children) {
    if (typeof text !== 'string') continue
    const rare = text.match(RARE)?.length ?? 0
    sum = addWork(addWork(sum, LETTER, text.length - rare), RARE_LETTER, rare)
    // A stroke is another path, of two sides.
    const paths = isStroked(element) ? 3 : 1
    sum = addWork(addWork(sum, LETTER_OF_PATH, paths * text.length ** 2), RARE_LETTER_OF_PATH, paths * rare ** 2)
  }
  return sum
}

function workOfPositions({ attributes }: Element): Work {
  const count = POSITIONS.reduce((sum, name) => sum + countNumbers(attributes.get(name) ?? ''), 0)
  return addWork(NO_WORK, POSITION, Math.max(0, count - POSITIONS.length))
}

/** What a layer takes: one of any size, and in addition one as large as the picture. */
type Layer = readonly [any: Work, whole: Work]
const LAYERS: Readonly<Record<string, Layer>> = {
  opacity: [work(0.05, 0.15), work(1.9, 0.45)],
  'mix-blend-mode': [work(0.05, 3.9), work(2.3, 0)],
  isolation: [work(0.05, 0.1), work(1.9, 0.25)],
  'clip-path': [work(0.1, 0.1), work(3.5, 0)],
}

/** Whether a property of an element has a value that needs a layer. */
export const needsLayer = ({ attributes }: Element, property: string): boolean =>
  !/^(?:none|normal|auto|1)?$/.test(attributes.get(property) ?? '')

/** What the layers of an element take, without masks and filters. @param share of the picture that it covers, 0 to 1 */
export function workOfLayers(element: Element, share: number): Work {
  let sum = NO_WORK
  for (const [property, layer] of Object.entries(LAYERS))
    if (needsLayer(element, property)) sum = addWork(sum, sized(layer, share))
  return sum
}

/** Whether an element has such layers. */
export const hasLayer = (element: Element): boolean =>
  Object.keys(LAYERS).some((property) => needsLayer(element, property))

const sized = ([any, whole]: Layer, share: number): Work => addWork(any, whole, share)

/** Definitions that are drawn into a layer each time they are used. */
const DRAWN: Readonly<Record<string, Layer>> = {
  mask: [work(0.1, 1.7), work(4.7, 0.8)],
  filter: [work(0.3, 1.2), work(3, 0.4)],
  pattern: [work(0.06, 0.3), work(1.8, 15)],
}

/** Whether an element is such a definition. */
export const isLayer = ({ name }: Element): boolean => name in DRAWN

interface Use {
  /** Of the picture, that the user covers. */
  readonly share: number
  /** The root's larger side in user units. */
  readonly extent: number
  /** Of the target's content; of a filter, for the whole picture. */
  readonly inner: Work
}

/** What one use of a mask, filter or pattern takes. */
export function workOfUse(target: Element, { share, extent, inner }: Use): Work {
  const layer = DRAWN[target.name]
  const own = layer ? sized(layer, share) : NO_WORK
  if (target.name === 'pattern') {
    const enlargement = enlargementOf(target)
    if (enlargement * tileOf(target, { share, extent }) > TILE_MAX) return TOO_MUCH
    return addWork(NO_WORK, addWork(own, inner), Math.min(enlargement, ENLARGEMENT_MAX))
  }
  if (target.name !== 'filter') return addWork(own, inner)
  const visible = Math.min(share, VISIBLE_REGION_MAX)
  return work(own.resvg + share * inner.resvg, own.librsvg + visible * inner.librsvg)
}

/** A tile is drawn as large as its transform makes it, also where that is far beyond the picture. */
function enlargementOf({ attributes }: Element): number {
  const [a, b, c, d] = readTransform(attributes.get('patternTransform') ?? '')
  return Math.max(Math.abs(a * d - b * c), 1)
}

/** The share of the picture that a pattern's tile covers before it is transformed. */
function tileOf({ attributes }: Element, { share, extent }: { share: number; extent: number }): number {
  const area = px(attributes.get('width')) * px(attributes.get('height'))
  return attributes.get('patternUnits') === 'userSpaceOnUse' ? area / extent ** 2 : area * share
}

/** Each engine allocates the whole tile: this many times the picture's megabyte. */
const TILE_MAX = 100
const TOO_MUCH = work(1e5, 1e5)

const ENLARGEMENT_MAX = 100
/** A filter's region may be larger than the picture: resvg draws all of it, librsvg a margin. */
const REGION_MAX = 8
const VISIBLE_REGION_MAX = 1.8

/** The share of the picture in the region of a mask or filter that is stated in box units. @param share of the element that uses it */
export function shareOfRegion({ name, attributes }: Element, share: number): number {
  if (name !== 'mask' && name !== 'filter') return share
  return Math.min(shareMaxOf(name), share * Math.max(1, sizeOfRegion(attributes) / 1.44))
}

/** The area of the region of a mask or filter in square units of the element that uses it; null if it is stated in box units. */
export const areaOfRegion = ({ name, attributes }: Element): number | null =>
  attributes.get(`${name}Units`) === 'userSpaceOnUse' && (name === 'mask' || name === 'filter')
    ? sizeOfRegion(attributes)
    : null

const sizeOfRegion = (attributes: Element['attributes']): number =>
  px(attributes.get('width'), 1.2) * px(attributes.get('height'), 1.2)

/** The largest share that counts. */
export const shareMaxOf = (name: string): number => (name === 'filter' ? REGION_MAX : 1)
