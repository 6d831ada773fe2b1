import { PROPERTIES } from './properties.ts'
import { split } from './values.ts'

const WIDE = /^\s*(?:inherit|initial|unset|revert|revert-layer)\s*$/i
const MARKERS = ['marker-start', 'marker-mid', 'marker-end']
const FONT = ['font-style', 'font-variant', 'font-weight', 'font-stretch', 'font-size', 'font-family']

/** Expands a declaration to longhands; a longhand is returned as it is. Empty if it is not understood. */
export function expand(property: string, value: string): readonly (readonly [string, string])[] {
  switch (property) {
    case 'marker':
      return MARKERS.map((name) => [name, value])
    case 'font':
      return WIDE.test(value) ? FONT.map((name) => [name, value]) : font(value)
    case 'background':
      return value.includes('gradient(')
        ? [
            ['background-color', value],
            ['background-image', value],
          ]
        : [['background-color', value]]
    case 'mask':
      return [[value.includes('gradient(') ? 'mask-image' : 'mask', value]]
    case '-webkit-mask':
    case '-webkit-mask-image':
      return [['mask-image', value]]
    case '-webkit-clip-path':
      return [['clip-path', value]]
    case '-webkit-transform':
    case '-webkit-filter':
    case '-webkit-transform-origin':
      return [[property.slice(8), value]]
    case 'font-variant-caps':
      return [['font-variant', value.replace('all-small-caps', 'small-caps')]]
    case 'offset':
      return offset(value)
    case 'all':
      return WIDE.test(value) ? Object.keys(PROPERTIES).map((name) => [name, value]) : []
    case 'text-decoration-line':
      return [['text-decoration', value]]
    default:
      return [[property, value]]
  }
}

/** `path('M0 0H9') 50% reverse`: a path, a distance, and a direction. */
function offset(value: string): [string, string][] {
  const [path, ...rest] = split(value, ' ')
  if (!path?.includes('(')) return []
  const distance = rest.find((part) => /^[+-]?[\d.]+(?:%|[a-z]+)$/i.test(part) && !/(?:deg|rad|turn)$/i.test(part))
  const turn = rest.filter((part) => part !== distance).join(' ')
  return [
    ['offset-path', path],
    ['offset-distance', distance ?? '0'],
    ['offset-rotate', turn || 'auto'],
  ]
}

/** `italic bold 12px/1.5 "A B", serif`: style, variant and weight in any order, then size, line height and families. */
function font(value: string): [string, string][] {
  const parts = split(value, ' ')
  const at = parts.findIndex((part, index) => index < 5 && isSize(part))
  if (at < 0 || at === parts.length - 1) return []
  const out: [string, string][] = [
    ['font-style', 'normal'],
    ['font-variant', 'normal'],
    ['font-weight', 'normal'],
    ['font-stretch', 'normal'],
  ]
  for (const part of parts.slice(0, at)) {
    if (/^normal$/i.test(part)) continue
    const name = ['font-style', 'font-variant', 'font-weight', 'font-stretch'].find((known) =>
      known !== 'font-variant' ? PROPERTIES[known]?.parse(part) != null : /^small-caps$/i.test(part),
    )
    if (name === undefined) return []
    out.push([name, part])
  }
  const size = parts[at] as string
  const slash = parts[at + 1] === '/' ? 2 : size.endsWith('/') || parts[at + 1]?.startsWith('/') ? 1 : 0
  out.push(['font-size', split(size, '/')[0] as string], ['font-family', parts.slice(at + 1 + slash).join(' ')])
  return out
}

const isSize = (part: string): boolean => {
  const [size = ''] = split(part, '/')
  return !/^\d+$/.test(size) && PROPERTIES['font-size']?.parse(size) != null
}
