import { colour, separate } from './colours.ts'
import { expandDropShadows } from './drop-shadow.ts'
import { length, notNegative, px, share } from './lengths.ts'
import { LIMITS, tooComplex } from './limits.ts'
import { readUrl } from './references.ts'
import { degreesOf } from './transform-list.ts'
import { append, create, type Element, type Tree, walk, wrap } from './tree.ts'
import { type Call, type Context, calls, evaluate, type Parse, print, split } from './values.ts'

const FILTERS = new Set(['filter'])

/**
 * Converts CSS filter functions, `blur(2px) drop-shadow(...)`, to filter elements in sRGB. If the list also contains references to filter
 * elements, each part gets its own group. Throws TOO_COMPLEX above the limit of functions.
 */
export function resolveFilterFunctions(tree: Tree): void {
  let made = 0
  const known = new Map<string, string>()
  for (const element of [...walk(tree.root)]) {
    const value = element.extra?.get('filter')
    const context = element.context
    if (!value || !context) continue
    const list = calls(value)
    if (!list) continue
    if (list.length > LIMITS.filterPrimitives) throw tooComplex(`A filter has ${list.length} functions.`)
    const written = { context, isAttribute: element.given.filter === value }
    let target = element
    for (const part of groupsOf(list)) {
      const reference = Array.isArray(part) ? define(part, written) : context.refer(part.address, FILTERS)
      if (reference === null) continue
      if (target.attributes.has('filter')) {
        const outer = create('g')
        if (target.parent === null) break
        wrap(target, outer)
        target = outer
      }
      target.attributes.set('filter', reference)
    }
  }

  function define(functions: readonly Call[], written: Written): string | null {
    const { context, isAttribute } = written
    const primitives = functions.flatMap((call) => primitivesOf(call, written) ?? [null])
    if (primitives.includes(null)) return null
    const key = `${isAttribute} ${context.color} ${context.fontSize} ${functions.map(({ name, inside }) => `${name}(${inside})`).join(' ')}`
    const same = known.get(key)
    if (same !== undefined) return same
    const filter = create(
      'filter',
      REGION,
      primitives.filter((primitive) => primitive !== null),
    )
    expandDropShadows(filter)
    const id = `tf${made++}`
    tree.targets.set(id, filter)
    append(tree.root, filter)
    known.set(key, `url(#${id})`)
    return `url(#${id})`
  }
}

/** Filter functions have no region in CSS: three boxes in each direction are enough for shadows of common size. */
const REGION = {
  x: '-1',
  y: '-1',
  width: '3',
  height: '3',
  'color-interpolation-filters': 'sRGB',
}

/** The context in which functions appear. */
interface Written {
  readonly context: Context
  readonly isAttribute: boolean
}

/** Splits the list into runs of functions and references to filter elements. */
function groupsOf(list: readonly Call[]): (Call[] | { address: string })[] {
  const groups: (Call[] | { address: string })[] = []
  for (const call of list) {
    const last = groups.at(-1)
    if (call.name === 'url') groups.push({ address: readUrl(`url(${call.inside})`)?.address ?? '' })
    else if (Array.isArray(last)) last.push(call)
    else groups.push([call])
  }
  return groups
}

const whole =
  (parse: Parse): Parse =>
  (text) =>
    text.includes('%') ? null : parse(text)
/** A length here must have a unit and must not be a percentage. */
const ofUnit =
  (parse: Parse): Parse =>
  (text) =>
    /^\s*[+-]?[\d.]*[1-9][\d.]*(?:e[+-]?\d+)?\s*$/i.test(text) ? null : whole(parse)(text)
const blurLength = length('other', notNegative)
const offset = length('other')

function primitivesOf({ name, inside }: Call, { context, isAttribute }: Written): Element[] | null {
  if (name === 'blur') {
    const deviation = inside === '' ? '0' : evaluate(ofUnit(blurLength)(inside), context)
    return deviation === null ? null : [create('feGaussianBlur', { stdDeviation: deviation })]
  }
  if (name === 'drop-shadow') return shadow(inside, context, isAttribute ? whole : ofUnit)
  if (name === 'hue-rotate') {
    const degrees = degreesOf(inside || '0')
    if (!Number.isFinite(degrees)) return null
    return [create('feColorMatrix', { type: 'hueRotate', values: print(degrees) })]
  }
  const amount = amountOf(inside)
  if (amount === null) return null
  const limited = Math.min(1, amount)
  switch (name) {
    case 'grayscale':
      return [matrix(grayscale(1 - limited))]
    case 'sepia':
      return [matrix(sepia(1 - limited))]
    case 'saturate':
      return [create('feColorMatrix', { type: 'saturate', values: print(amount) })]
    case 'invert':
      return [transfer('table', { tableValues: `${print(limited)} ${print(1 - limited)}` })]
    case 'opacity':
      return [
        create('feComponentTransfer', {}, [create('feFuncA', { type: 'table', tableValues: `0 ${print(limited)}` })]),
      ]
    case 'brightness':
      return [transfer('linear', { slope: print(amount) })]
    case 'contrast':
      return [transfer('linear', { slope: print(amount), intercept: print(0.5 - amount / 2) })]
    default:
      return null
  }
}

/** 1 if omitted; null if negative. */
function amountOf(inside: string): number | null {
  if (inside === '') return 1
  const number = Number.parseFloat(inside)
  if (Number.isNaN(number)) {
    const value = evaluate(share(inside), null as never)
    return value === null ? null : Number(value)
  }
  if (number < 0 || !/^[\s+\d.e%-]*$/i.test(inside)) return null
  return inside.trim().endsWith('%') ? number / 100 : number
}

const transfer = (type: string, values: Readonly<Record<string, string>>): Element =>
  create(
    'feComponentTransfer',
    {},
    ['feFuncR', 'feFuncG', 'feFuncB'].map((name) => create(name, { type, ...values })),
  )

const matrix = (values: readonly number[]): Element =>
  create('feColorMatrix', { type: 'matrix', values: values.map(print).join(' ') })

/** https://www.w3.org/TR/filter-effects-1/#grayscaleEquivalent; `rest` is the fraction of colour that remains. */
const grayscale = (rest: number): number[] => [
  ...[0.2126 + 0.7874 * rest, 0.7152 - 0.7152 * rest, 0.0722 - 0.0722 * rest, 0, 0],
  ...[0.2126 - 0.2126 * rest, 0.7152 + 0.2848 * rest, 0.0722 - 0.0722 * rest, 0, 0],
  ...[0.2126 - 0.2126 * rest, 0.7152 - 0.7152 * rest, 0.0722 + 0.9278 * rest, 0, 0],
  ...[0, 0, 0, 1, 0],
]

const sepia = (rest: number): number[] => [
  ...[0.393 + 0.607 * rest, 0.769 - 0.769 * rest, 0.189 - 0.189 * rest, 0, 0],
  ...[0.349 - 0.349 * rest, 0.686 + 0.314 * rest, 0.168 - 0.168 * rest, 0, 0],
  ...[0.272 - 0.272 * rest, 0.534 - 0.534 * rest, 0.131 + 0.869 * rest, 0, 0],
  ...[0, 0, 0, 1, 0],
]

/** `[color] x y [blur] [color]`; unlike those of a blur, its lengths may omit units in an attribute. */
function shadow(inside: string, context: Context, of: typeof whole): Element[] | null {
  const lengths: string[] = []
  let flood = context.color ?? '#000000'
  for (const part of split(inside, ' ')) {
    const px = evaluate(of(lengths.length < 2 ? offset : blurLength)(part), context)
    const found = px === null ? evaluate(colour(part), context) : null
    if (px !== null) lengths.push(px)
    else if (found === null) return null
    else if (found.startsWith('#')) flood = found
  }
  const [dx, dy, blur = '0'] = lengths
  if (dx === undefined || dy === undefined || lengths.length > 3) return null
  const { opaque, alpha } = separate(flood)
  return [
    create('feDropShadow', {
      dx,
      dy,
      stdDeviation: print(px(blur)),
      'flood-color': opaque,
      'flood-opacity': print(alpha),
    }),
  ]
}
