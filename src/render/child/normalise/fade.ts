import { separate } from './colours.ts'
import { px } from './lengths.ts'
import { type Element, inherited as inheritedValue } from './tree.ts'
import { print } from './values.ts'

/** A paint's own alpha and its opacity property: engines only know their product. */
export interface Faded {
  readonly alpha: number
  readonly opacity: string
  readonly printed: string
}

export const SOLID: Faded = { alpha: 1, opacity: '1', printed: '1' }

/** Prints a paint as opaque and multiplies its alpha into its opacity, unless that equals the inherited one. */
export function fade(attributes: Map<string, string>, name: 'fill' | 'stroke', inherited: Faded): Faded {
  const paint = attributes.get(name)
  const ownOpacity = attributes.get(`${name}-opacity`)
  if (ownOpacity === undefined && (paint === undefined || (paint.length !== 9 && inherited.alpha === 1)))
    return inherited
  if (paint === undefined && inherited.alpha === 1) {
    return ownOpacity === inherited.printed
      ? inherited
      : { alpha: 1, opacity: ownOpacity as string, printed: ownOpacity as string }
  }
  const { opaque, alpha } = paint === undefined ? { opaque: undefined, alpha: inherited.alpha } : separate(paint)
  const opacity = ownOpacity ?? inherited.opacity
  const printed = alpha === 1 ? opacity : print(alpha * Number(opacity))
  if (opaque !== undefined) attributes.set(name, opaque)
  if (printed !== inherited.printed || ownOpacity !== undefined) attributes.set(`${name}-opacity`, printed)
  return { alpha, opacity, printed }
}

export function fadeOwn(attributes: Map<string, string>, color: string, opacityName: string | null): void {
  const { opaque, alpha } = separate(attributes.get(color) as string)
  attributes.set(color, opaque)
  if (opacityName !== null) attributes.set(opacityName, print(alpha * px(attributes.get(opacityName), 1)))
}

/** Repeats an inherited `currentColor`, which refers to the element's own colour; engines use that of the ancestor that set it. */
export function repeatCurrentColor(element: Element): void {
  for (const paint of ['fill', 'stroke'])
    if (!element.attributes.has(paint) && inheritedValue(element, paint) === 'currentColor')
      element.attributes.set(paint, 'currentColor')
}
