import type { Box } from './box.ts'
import { boxOf } from './boxes.ts'
import { roundedBox } from './corners.ts'
import { maskByGradient } from './mask-gradients.ts'
import { shapeData } from './shape-function.ts'
import { along, type Reference } from './transform-list.ts'
import { grown } from './transforms.ts'
import { append, create, type Element, type Tree, walk } from './tree.ts'
import { type Context, calls, print, split } from './values.ts'

/** Converts CSS basic shapes, `clip-path: circle(40%)`, to clipPath elements with one shape in them, and gradients that mask to masks. */
export function resolveClipShapes(tree: Tree): void {
  let made = 0
  const boxes = new Map<Element, Box | null>()
  for (const element of [...walk(tree.root)]) {
    if (element.extra?.has('mask-image')) maskByGradient(element, tree)
    const value = element.extra?.get('clip-path')
    if (!value || !element.context || element.attributes.has('clip-path')) continue
    const shape = shapeOf(value, element, { tree, boxes })
    if (!shape) continue
    const clip = create('clipPath', {}, [shape])
    const id = `tc${made++}`
    tree.targets.set(id, clip)
    append(tree.root, clip)
    element.attributes.set('clip-path', `url(#${id})`)
  }
}

function shapeOf(
  value: string,
  element: Element,
  { tree, boxes }: { tree: Tree; boxes: Map<Element, Box | null> },
): Element | null {
  const [call] = calls(value.replace(/(?:fill|stroke|view|border|content|padding|margin)-box/gi, ' ')) ?? []
  const context = element.context as Context
  if (!call) return null
  const { width: pageWidth, height: pageHeight } = context.viewport ?? context.page
  const fill = boxOf(element, { targets: tree.targets, boxes })
  const isView = /view-box/i.test(value)
  const box = isView
    ? { x: 0, y: 0, width: pageWidth, height: pageHeight }
    : fill && (/fill-box|content-box|padding-box/i.test(value) ? fill : grown(element, fill))
  if (!box) return null
  // The commands of path data are case-sensitive.
  return make(call.name, call.name === 'path' ? call.inside : call.inside.toLowerCase(), { box, context })
}

function make(name: string, inside: string, reference: Reference): Element | null {
  const { box } = reference
  switch (name) {
    case 'inset': {
      const [sides = '', radii] = inside.split(/\sround\s/)
      const [top = '0', right = top, bottom = top, left = right] = split(sides, ' ')
      const [t, r, b, l] = [
        along(top, 'y', reference),
        along(right, 'x', reference),
        along(bottom, 'y', reference),
        along(left, 'x', reference),
      ]
      return rect(
        { x: box.x + l, y: box.y + t, width: box.width - l - r, height: box.height - t - b },
        radii,
        reference,
      )
    }
    case 'xywh': {
      const [size = '', radii] = inside.split(/\sround\s/)
      const [x = '0', y = '0', width = '0', height = '0'] = split(size, ' ')
      return rect(
        {
          x: box.x + along(x, 'x', reference),
          y: box.y + along(y, 'y', reference),
          width: along(width, 'x', reference),
          height: along(height, 'y', reference),
        },
        radii,
        reference,
      )
    }
    case 'rect': {
      const [sizes = '', radii] = inside.split(/\sround\s/)
      const [top = '0', right = '100%', bottom = '100%', left = '0'] = split(sizes, ' ')
      const of = (text: string, auto: string, axis: 'x' | 'y') => along(text === 'auto' ? auto : text, axis, reference)
      const [t, r, b, l] = [of(top, '0', 'y'), of(right, '100%', 'x'), of(bottom, '100%', 'y'), of(left, '0', 'x')]
      return rect({ x: box.x + l, y: box.y + t, width: r - l, height: b - t }, radii, reference)
    }
    case 'circle':
    case 'ellipse':
      return round(name, inside, reference)
    case 'polygon': {
      const parts = split(inside, ',')
      const rule = /^(?:nonzero|evenodd)$/.test(parts[0] ?? '') ? parts.shift() : undefined
      const points = parts.slice(0, 10_000).map((part) => {
        const [x = '0', y = '0'] = split(part, ' ')
        return `${print(box.x + along(x, 'x', reference))},${print(box.y + along(y, 'y', reference))}`
      })
      return create('polygon', { points: points.join(' '), ...(rule ? { 'clip-rule': rule } : {}) })
    }
    case 'path': {
      const data = /(["'])([\s,\d.e+\-a-z]*)\1/i.exec(inside)?.[2]
      const rule = /^\s*evenodd\s*,/i.test(inside) ? 'evenodd' : 'nonzero'
      return data === undefined
        ? null
        : create('path', { d: data, transform: `translate(${print(box.x)} ${print(box.y)})`, 'clip-rule': rule })
    }
    case 'shape': {
      const [, rule = 'nonzero', commands = ''] = /^(?:(nonzero|evenodd)\s+)?([\s\S]*)$/.exec(inside) ?? []
      const data = shapeData(commands, reference)
      return data === null ? null : create('path', { d: data, 'clip-rule': rule })
    }
    default:
      return null
  }
}

function rect({ x, y, width, height }: Box, radii: string | undefined, reference: Reference): Element {
  const [w, h] = [Math.max(0, width), Math.max(0, height)]
  const rounded = radii === undefined ? null : roundedBox({ x, y, width: w, height: h }, radii, reference)
  if (rounded !== null) return create('path', { d: rounded })
  return create('rect', { x: print(x), y: print(y), width: print(w), height: print(h) })
}

function round(name: 'circle' | 'ellipse', inside: string, reference: Reference): Element {
  const { box } = reference
  const [radii = '', at = '50% 50%'] = ` ${inside}`.split(/\sat\s/)
  const words: Readonly<Record<string, string>> = {
    center: '50%',
    left: '0%',
    right: '100%',
    top: '0%',
    bottom: '100%',
  }
  const point = split(at, ' ')
  const isSwapped = /^(?:top|bottom)$/.test(point[0] ?? '') || /^(?:left|right)$/.test(point[1] ?? '')
  const [px0 = '50%', py0 = '50%'] = (isSwapped ? point.toReversed() : point).map((word) => words[word] ?? word)
  const [cx, cy] = [along(px0, 'x', reference), along(py0, 'y', reference)]
  const [first = 'closest-side', second = first] = split(radii.trim(), ' ')
  const side = (text: string, axis: 'x' | 'y' | 'other', near: number[]) =>
    text === 'closest-side'
      ? Math.min(...near)
      : text === 'farthest-side'
        ? Math.max(...near)
        : along(text, axis, reference)
  const [xs, ys] = [
    [Math.abs(cx), Math.abs(box.width - cx)],
    [Math.abs(cy), Math.abs(box.height - cy)],
  ]
  const center = { cx: print(box.x + cx), cy: print(box.y + cy) }
  if (name === 'circle') return create('circle', { ...center, r: print(side(first, 'other', [...xs, ...ys])) })
  return create('ellipse', { ...center, rx: print(side(first, 'x', xs)), ry: print(side(second, 'y', ys)) })
}
