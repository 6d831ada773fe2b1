import { expandDropShadows } from './drop-shadow.ts'
import { type Element, elementsOf, type Tree, walk } from './tree.ts'

/**
 * Adapts filters to the way browsers read them: engines differ on missing inputs, numbers out of range and invalid steps. An invalid step
 * becomes transparent.
 */
export function resolveFilters(tree: Tree): void {
  for (const filter of walk(tree.root)) {
    if (filter.name !== 'filter') continue
    if (['width', 'height'].some((side) => Number.parseFloat(filter.attributes.get(side) ?? '1') <= 0)) hide(filter)
    else resolve(filter)
  }
}

/** An empty filter region hides the filtered element. */
function hide(filter: Element): void {
  for (const side of ['width', 'height']) filter.attributes.delete(side)
  const [first, ...others] = elementsOf(filter)
  for (const other of others) other.name = '?'
  if (first) clear(first)
}

/** The inputs that browsers provide. The background and paint inputs of SVG 1.1 are no longer among them. */
const SOURCES = ['SourceGraphic', 'SourceAlpha']
const INPUTS = ['in', 'in2']

/** An input with an unknown name means the previous step, like an input without a name. */
function resolve(filter: Element): void {
  const results = new Set(SOURCES)
  for (const primitive of elementsOf(filter)) {
    for (const reader of [primitive, ...(primitive.name === 'feMerge' ? elementsOf(primitive) : [])])
      for (const input of INPUTS) if (!results.has(reader.attributes.get(input) ?? '')) reader.attributes.delete(input)
    RESOLVE[primitive.name]?.(primitive)
    const result = primitive.attributes.get('result')
    if (result !== undefined) results.add(result)
  }
  expandDropShadows(filter)
}

const RESOLVE: Readonly<Record<string, (primitive: Element) => void>> = {
  feConvolveMatrix(primitive) {
    if (!isConvolution(primitive)) clear(primitive)
  },
  feTurbulence(primitive) {
    if (numbersOf(primitive, 'baseFrequency').some((frequency) => frequency < 0)) clear(primitive)
  },
  feDiffuseLighting(primitive) {
    limit(primitive, 'diffuseConstant', { min: 0 })
    resolveLight(primitive)
  },
  feSpecularLighting(primitive) {
    limit(primitive, 'specularConstant', { min: 0 })
    limit(primitive, 'specularExponent', EXPONENT)
    resolveLight(primitive)
  },
}

/** https://www.w3.org/TR/filter-effects-1/#element-attrdef-fespecularlighting-specularexponent; browsers clamp other values. */
const EXPONENT = { min: 1, max: 128 }
const LIGHTS: ReadonlySet<string> = new Set(['feDistantLight', 'fePointLight', 'feSpotLight'])

/** Only the first light source counts. */
function resolveLight(primitive: Element): void {
  const light = [...elementsOf(primitive)].find(({ name }) => LIGHTS.has(name))
  if (!light) {
    clear(primitive)
    return
  }
  primitive.children = [light]
  if (light.name !== 'feSpotLight') return
  limit(light, 'specularExponent', EXPONENT)
  if (Number(light.attributes.get('limitingConeAngle')) === 0) light.attributes.delete('limitingConeAngle')
}

function limit({ attributes }: Element, name: string, { min, max = Number.POSITIVE_INFINITY }: Range): void {
  const value = Number(attributes.get(name) ?? min)
  if (value < min || value > max) attributes.set(name, String(value < min ? min : max))
}

interface Range {
  readonly min: number
  readonly max?: number
}

/** Whether a matrix is valid: https://www.w3.org/TR/filter-effects-1/#feConvolveMatrixElement. */
function isConvolution(primitive: Element): boolean {
  const [columns = 3, rows = columns] = numbersOf(primitive, 'order')
  if (columns <= 0 || rows <= 0) return false
  const isInside = (name: string, size: number) => {
    const target = Number(primitive.attributes.get(name) ?? 0)
    return target >= 0 && target < size
  }
  const values = numbersOf(primitive, 'kernelMatrix')
  return values.length === columns * rows && isInside('targetX', columns) && isInside('targetY', rows)
}

const numbersOf = ({ attributes }: Element, name: string): number[] =>
  (attributes.get(name) ?? '').match(/[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/gi)?.map(Number) ?? []

const KEPT: ReadonlySet<string> = new Set(['x', 'y', 'width', 'height', 'result'])

function clear(primitive: Element): void {
  primitive.name = 'feFlood'
  primitive.children = []
  for (const name of [...primitive.attributes.keys()]) if (!KEPT.has(name)) primitive.attributes.delete(name)
  primitive.attributes.set('flood-opacity', '0')
}
