import type { Box } from './box.ts'
import { colour, separate } from './colours.ts'
import { LIMITS } from './limits.ts'
import { degreesOf, numberOf } from './transform-list.ts'
import { append, create, type Element, type Tree } from './tree.ts'
import { type Context, calls, evaluate, print, split } from './values.ts'

/** Wedges of a full turn: a finer step of colour is not visible. */
const WEDGES = 360

/** The CSS gradients that fill a box as shapes, the first one on top; null if there is none that we support. */
export function drawGradient(
  text: string,
  box: Box,
  { tree, context }: { tree: Tree; context: Context },
): Element[] | null {
  if (!(box.width > 0 && box.height > 0)) return null
  const layers = split(text, ',')
    .slice(0, LAYERS_MAX)
    .map((layer) => drawLayer(layer, box, { tree, context }))
  const drawn = layers.reverse().flatMap((layer) => layer ?? [])
  return drawn.length > 0 ? drawn : null
}

const LAYERS_MAX = 8

function drawLayer(text: string, box: Box, tools: Tools): Element[] | null {
  // The size and position after the gradient are ignored: it is assumed to fill the box.
  const [call] = calls(split(text, ' ').find((part) => part.includes('gradient(')) ?? '') ?? []
  if (!call) return null
  const args = split(call.inside, ',')
  if (call.name === 'conic-gradient') return conic(args, box, tools)
  if (call.name === 'linear-gradient') return linear(args, box, tools)
  if (call.name === 'radial-gradient') return radial(args, box, tools)
  return null
}

interface Stop {
  readonly rgba: readonly [number, number, number, number]
  /** 0 to 1. */
  at: number
}

interface Tools {
  readonly tree: Tree
  readonly context: Context
}

/** Colour stops with their offsets; stops without one are spaced evenly between their neighbours. */
function stopsOf(args: readonly string[], context: Context, whole: (text: string) => number): Stop[] | null {
  const stops: { rgba: Stop['rgba']; at: number | null }[] = []
  for (const arg of args.slice(0, 256)) {
    const [first = '', ...places] = split(arg, ' ')
    const value = evaluate(colour(first), context)
    if (value === null) return null
    const { opaque, alpha } = separate(value.startsWith('#') ? value : (context.color ?? '#000000'))
    const number = Number.parseInt(opaque.slice(1), 16)
    const rgba = [number >> 16, (number >> 8) & 255, number & 255, alpha] as const
    for (const place of places.length > 0 ? places : [null])
      stops.push({ rgba, at: place === null ? null : whole(place) })
  }
  if (stops.length === 0 || stops.some(({ at }) => Number.isNaN(at))) return null
  const [first, last] = [stops[0], stops.at(-1)]
  if (first) first.at ??= 0
  if (last) last.at ??= 1
  for (let index = 1; index < stops.length; index++) {
    const stop = stops[index] as { at: number | null }
    const before = stops[index - 1]?.at ?? 0
    if (stop.at !== null) {
      stop.at = Math.max(stop.at, before)
      continue
    }
    const next = stops.findIndex(({ at }, other) => other > index && at !== null)
    stop.at = before + ((stops[next]?.at ?? 1) - before) / (next - index + 1)
  }
  return stops.map(({ rgba, at }) => ({ rgba, at: at ?? 0 }))
}

function colourAt(stops: readonly Stop[], at: number): Stop['rgba'] {
  const after = stops.findIndex((stop) => stop.at > at)
  if (after === 0) return (stops[0] as Stop).rgba
  if (after < 0) return (stops.at(-1) as Stop).rgba
  const [from, to] = [stops[after - 1] as Stop, stops[after] as Stop]
  const share = (at - from.at) / (to.at - from.at)
  const alpha = from.rgba[3] + (to.rgba[3] - from.rgba[3]) * share
  // Premultiplied, as CSS requires.
  const mix = (index: 0 | 1 | 2) => {
    const sum = from.rgba[index] * from.rgba[3] * (1 - share) + to.rgba[index] * to.rgba[3] * share
    return alpha === 0 ? 0 : sum / alpha
  }
  return [mix(0), mix(1), mix(2), alpha]
}

const hexOf = ([red, green, blue]: Stop['rgba']): string =>
  `#${[red, green, blue].map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`

const turnOf = (text: string): number => (text.trim().endsWith('%') ? numberOf(text) : degreesOf(text) / 360)

function conic(args: readonly string[], box: Box, tools: Tools): Element[] | null {
  const [, from, at] = /^(?:from\s+([^\s]+))?\s*(?:at\s+(.+))?$/i.exec(args[0] ?? '') ?? []
  const hasHead = from !== undefined || at !== undefined
  const stops = stopsOf(hasHead ? args.slice(1) : args, tools.context, turnOf)
  if (!stops) return null
  const [x = '50%', y = '50%'] = split(at ?? '', ' ')
  const share = (text: string) =>
    text.endsWith('%') ? Number.parseFloat(text) / 100 : text === 'center' ? 0.5 : Number.NaN
  const [cx, cy] = [box.x + box.width * share(x), box.y + box.height * share(y)]
  if (!Number.isFinite(cx) || !Number.isFinite(cy)) return null
  const start = from === undefined ? 0 : turnOf(from)
  const radius = 1.01 * Math.hypot(box.width, box.height)
  const isOpaque = stops.every(({ rgba }) => rgba[3] === 1)
  const point = (turn: number) => {
    const angle = 2 * Math.PI * (start + turn)
    return `${print(cx + radius * Math.sin(angle))} ${print(cy - radius * Math.cos(angle))}`
  }
  if (tools.tree.elements + WEDGES > LIMITS.elements) return null
  tools.tree.elements += WEDGES
  const wedges: Element[] = []
  for (let index = 0; index < WEDGES; index++) {
    const rgba = colourAt(stops, (index + 0.5) / WEDGES)
    // Opaque wedges overlap the next one, so that no seam is visible between them.
    const end = Math.min(1, (index + (isOpaque && index < WEDGES - 1 ? 1.5 : 1)) / WEDGES)
    const wedge = create('path', {
      d: `M${print(cx)} ${print(cy)}L${point(index / WEDGES)} ${point(end)}z`,
      fill: hexOf(rgba),
      stroke: 'none',
    })
    wedge.attributes.set('fill-opacity', print(rgba[3]))
    if (!isOpaque) wedge.attributes.set('shape-rendering', 'crispEdges')
    wedges.push(wedge)
  }
  return [create('g', { 'clip-path': clipTo(box, tools.tree) }, wedges)]
}

const SIDES: Readonly<Record<string, number>> = {
  'to top': 0,
  'to right': 0.25,
  'to bottom': 0.5,
  'to left': 0.75,
}

function linear(args: readonly string[], box: Box, { tree, context }: Tools): Element[] | null {
  const head = args[0]?.toLowerCase().trim() ?? ''
  const angle = SIDES[head] ?? turnOf(head)
  const hasHead = !Number.isNaN(angle)
  const turn = hasHead ? angle : 0.5
  const [sin, cos] = [Math.sin(2 * Math.PI * turn), Math.cos(2 * Math.PI * turn)]
  const length = Math.abs(box.width * sin) + Math.abs(box.height * cos)
  const stops = stopsOf(hasHead ? args.slice(1) : args, context, (text) =>
    text.endsWith('%') ? Number.parseFloat(text) / 100 : Number.parseFloat(text) / length,
  )
  if (!stops) return null
  const [cx, cy] = [box.x + box.width / 2, box.y + box.height / 2]
  const [dx, dy] = [(length / 2) * sin, (-length / 2) * cos]
  const gradient = create(
    'linearGradient',
    { gradientUnits: 'userSpaceOnUse', x1: print(cx - dx), y1: print(cy - dy), x2: print(cx + dx), y2: print(cy + dy) },
    stops.map(stopElement),
  )
  return [filled(gradient, box, tree)]
}

/** Parses `circle 20px at 30% 40%` or `ellipse farthest-side` into an ellipse in a box, given by its radii and centre. */
function radial(args: readonly string[], box: Box, { tree, context }: Tools): Element[] | null {
  const head = args[0]?.toLowerCase().trim() ?? ''
  const hasHead = /^(?:circle|ellipse|closest|farthest|at\b|[\d.]+(?:px|%))/.test(head)
  const [shape = '', at = 'center'] = hasHead ? ` ${head}`.split(/\sat\s/) : []
  const place = (word: string | undefined, whole: number) =>
    ({ left: 0, top: 0, center: whole / 2, right: whole, bottom: whole })[word ?? 'center'] ??
    (word?.endsWith('%') ? (Number.parseFloat(word) / 100) * whole : Number.parseFloat(word ?? ''))
  const [first, second] = split(at, ' ')
  const [x, y] = [place(first, box.width), place(second, box.height)]
  const [nearX, farX] = [Math.min(x, box.width - x), Math.max(x, box.width - x)]
  const [nearY, farY] = [Math.min(y, box.height - y), Math.max(y, box.height - y)]
  const isNear = shape.includes('closest')
  const sides = isNear ? [nearX, nearY] : [farX, farY]
  const [sideX, sideY] = sides as [number, number]
  const isSide = shape.includes('-side')
  const lengths = split(shape, ' ').filter((part) => /^[\d.]+(?:px|%)?$/.test(part))
  const isCircle = shape.includes('circle') || lengths.length === 1
  let [rx, ry] = isCircle
    ? Array.from({ length: 2 }, () =>
        isSide ? (isNear ? Math.min(sideX, sideY) : Math.max(sideX, sideY)) : Math.hypot(sideX, sideY),
      )
    : [isSide ? sideX : sideX * Math.SQRT2, isSide ? sideY : sideY * Math.SQRT2]
  if (lengths.length > 0) [rx, ry] = [place(lengths[0], box.width), place(lengths[1] ?? lengths[0], box.height)]
  if (!rx || !ry || !(rx > 0 && ry > 0) || !Number.isFinite(x + y + rx + ry)) return null
  const stops = stopsOf(hasHead ? args.slice(1) : args, context, (text) =>
    text.endsWith('%') ? Number.parseFloat(text) / 100 : Number.parseFloat(text) / (rx ?? 1),
  )
  if (!stops) return null
  const gradient = create(
    'radialGradient',
    {
      gradientUnits: 'userSpaceOnUse',
      cx: '0',
      cy: '0',
      r: '1',
      gradientTransform: `translate(${print(box.x + x)} ${print(box.y + y)}) scale(${print(rx)} ${print(ry)})`,
    },
    stops.map(stopElement),
  )
  return [filled(gradient, box, tree)]
}

const stopElement = ({ rgba, at }: Stop): Element =>
  create('stop', { offset: print(at), 'stop-color': hexOf(rgba), 'stop-opacity': print(rgba[3]) })

function filled(gradient: Element, box: Box, tree: Tree): Element {
  const id = `tg${tree.targets.size}`
  tree.targets.set(id, gradient)
  append(tree.root, gradient)
  return rectOf(box, { fill: `url(#${id})`, 'fill-opacity': '1' })
}

export const rectOf = (box: Box, attributes: Readonly<Record<string, string>>): Element =>
  create('rect', {
    x: print(box.x),
    y: print(box.y),
    width: print(box.width),
    height: print(box.height),
    stroke: 'none',
    ...attributes,
  })

function clipTo(box: Box, tree: Tree): string {
  const clip = create('clipPath', {}, [rectOf(box, {})])
  const id = `tb${tree.targets.size}`
  tree.targets.set(id, clip)
  append(tree.root, clip)
  return `url(#${id})`
}
