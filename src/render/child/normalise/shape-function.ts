import { along, degreesOf, type Reference } from './transform-list.ts'
import { print, split } from './values.ts'

/** Each command is a segment of a path. */
const COMMANDS_MAX = 10_000
const WORDS: Readonly<Record<string, string>> = { left: '0%', top: '0%', center: '50%', right: '100%', bottom: '100%' }

/**
 * Path data of the CSS function `shape()`, `from 0 0, line to 100% 0, curve by ...`, in the space of the box; null if a command is not
 * understood. CSS Shapes 2, 3.3.
 * @param inside in lower case, without the fill rule
 */
export function shapeData(inside: string, reference: Reference): string | null {
  const [start = '', ...commands] = split(inside, ',')
  const words = split(start, ' ')
  if (words[0] !== 'from' || words.length !== 3 || commands.length > COMMANDS_MAX) return null
  let data = `M${place(words.slice(1), true, reference)}`
  for (const command of commands) {
    const segment = segmentOf(split(command, ' '), reference)
    if (segment === null) return null
    data += segment
  }
  return data.includes('NaN') ? null : data
}

function segmentOf([name = '', way = '', ...rest]: readonly string[], reference: Reference): string | null {
  if (name === 'close') return 'z'
  if (way !== 'to' && way !== 'by') return null
  const isTo = way === 'to'
  const letter = (upper: string) => (isTo ? upper : upper.toLowerCase())
  const end = place(rest.slice(0, 2), isTo, reference)
  const controls = rest[2] === 'with' ? split(rest.slice(3).join(' '), '/') : []
  const control = controls.map((text) => place(split(text, ' '), isTo, reference)).join(' ')
  switch (name) {
    case 'move':
      return `${letter('M')}${end}`
    case 'line':
      return `${letter('L')}${end}`
    case 'hline':
    case 'vline': {
      const axis = name === 'hline' ? 'x' : 'y'
      return `${letter(axis === 'x' ? 'H' : 'V')}${print(coordinate(rest[0] ?? '', axis, isTo, reference))}`
    }
    case 'curve':
      return controls.length === 0 ? null : `${letter(controls.length === 2 ? 'C' : 'Q')}${control} ${end}`
    case 'smooth':
      return `${letter(controls.length === 1 ? 'S' : 'T')}${control} ${end}`
    case 'arc':
      return `${letter('A')}${arcOf(rest.slice(2), reference)} ${end}`
    default:
      return null
  }
}

/** `of 20px 10px cw large rotate 30deg`: as in path data, without the end. */
function arcOf(words: readonly string[], reference: Reference): string {
  const radii = words
    .slice(words.indexOf('of') + 1)
    .filter((word) => /^[+.\d]/.test(word) && !/deg|rad|turn/.test(word))
  const [rx = 'NaN', ry = rx] = radii.slice(0, 2)
  const turn = words.includes('rotate') ? degreesOf(words[words.indexOf('rotate') + 1] ?? '') : 0
  const flags = `${words.includes('large') ? 1 : 0} ${words.includes('cw') ? 1 : 0}`
  return `${print(along(rx, 'other', reference))} ${print(along(ry, 'other', reference))} ${print(turn)} ${flags}`
}

const place = ([x = '', y = '']: readonly string[], isTo: boolean, reference: Reference): string =>
  `${print(coordinate(x, 'x', isTo, reference))} ${print(coordinate(y, 'y', isTo, reference))}`

/** Absolute ones are from the corner of the box. */
function coordinate(text: string, axis: 'x' | 'y', isTo: boolean, reference: Reference): number {
  const length = WORDS[text] ?? text
  if (!/^(?:[+-]?\.?\d|calc\()/.test(length)) return Number.NaN
  return along(length, axis, reference) + (isTo ? reference.box[axis] : 0)
}
