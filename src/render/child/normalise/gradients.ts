import { referenceIn } from './references.ts'
import { create, type Element, elementsOf, inherited, type Tree, walk } from './tree.ts'
import { print } from './values.ts'

/**
 * A radius of zero or less fills with the last stop's colour; engines draw nothing, or the first stop. Gradients in linear RGB, which
 * engines do not support, get stops between their own.
 */
export function resolveGradients(tree: Tree): void {
  for (const gradient of walk(tree.root)) {
    if (!gradient.name.endsWith('Gradient')) continue
    if (inherited(gradient, 'color-interpolation') === 'linearRGB') blendLinearly(gradient, tree)
    if (gradient.name !== 'radialGradient' || !(Number.parseFloat(gradient.attributes.get('r') ?? '') <= 0)) continue
    const last = stopsOf(gradient, tree).at(-1)
    if (!last) continue
    gradient.attributes.delete('r')
    gradient.children = [create('stop', { ...Object.fromEntries(last.attributes), offset: '0' })]
  }
}

/** Stops put between two: with 16 steps, no channel is more than 2 of 255 off. */
const STEPS = 16

function blendLinearly(gradient: Element, tree: Tree): void {
  const stops = stopsOf(gradient, tree)
  if (stops.length < 2 || stops.length > STOPS_MAX) return
  const blended: Element[] = []
  for (const [index, to] of stops.entries()) {
    const from = stops[index - 1]
    if (from) for (let step = 1; step < STEPS; step++) blended.push(between(from, to, step / STEPS))
    blended.push(create('stop', Object.fromEntries(to.attributes)))
  }
  tree.elements += blended.length
  gradient.children = blended
  gradient.attributes.set('color-interpolation', 'sRGB')
  for (const stop of blended) stop.parent = gradient
}

const STOPS_MAX = 64

function between(from: Element, to: Element, share: number): Element {
  const mix = (a: number, b: number) => a + (b - a) * share
  const of = (stop: Element, name: string, byDefault: string) => stop.attributes.get(name) ?? byDefault
  const offset = mix(offsetOf(from), offsetOf(to))
  const opacity = mix(Number(of(from, 'stop-opacity', '1')), Number(of(to, 'stop-opacity', '1')))
  const [a, b] = [channelsOf(of(from, 'stop-color', '#000000')), channelsOf(of(to, 'stop-color', '#000000'))]
  const hex = a.map((value, index) =>
    Math.round(255 * fromLinear(mix(toLinear(value), toLinear(b[index] ?? 0))))
      .toString(16)
      .padStart(2, '0'),
  )
  return create('stop', { offset: print(offset), 'stop-color': `#${hex.join('')}`, 'stop-opacity': print(opacity) })
}

function offsetOf({ attributes }: Element): number {
  const text = attributes.get('offset') ?? '0'
  const number = Number.parseFloat(text) / (text.endsWith('%') ? 100 : 1)
  return Number.isFinite(number) ? Math.min(1, Math.max(0, number)) : 0
}

/** 0 to 1 each. */
const channelsOf = (colour: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255 || 0)
/** https://www.w3.org/TR/css-color-4/#color-conversion-code */
const toLinear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
const fromLinear = (value: number) => (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055)

/** The gradient's own stops, or those of the gradient it refers to. */
function stopsOf(gradient: Element, { targets }: Tree): Element[] {
  const seen = new Set<Element>()
  for (let at: Element | undefined = gradient; at && !seen.has(at); ) {
    const stops = [...elementsOf(at)].filter(({ name }) => name === 'stop')
    if (stops.length > 0) return stops
    seen.add(at)
    at = targets.get(referenceIn(at.attributes.get('href') ?? '') ?? '')
  }
  return []
}
