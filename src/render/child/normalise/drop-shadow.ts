import { create, type Element, elementsOf } from './tree.ts'

/**
 * Replaces each `feDropShadow` that does not read the source graphic by the steps that it stands for: librsvg draws the source graphic on
 * top of every shadow. https://www.w3.org/TR/filter-effects-1/#feDropShadowElement
 */
export function expandDropShadows(filter: Element): void {
  const steps: (Element | string)[] = []
  let before: Element | undefined
  for (const primitive of elementsOf(filter)) {
    const input = primitive.attributes.get('in') ?? (before === undefined ? 'SourceGraphic' : null)
    if (primitive.name === 'feDropShadow' && input !== 'SourceGraphic')
      steps.push(...stepsOf(primitive, input ?? nameOf(before as Element, steps.length), steps.length))
    else steps.push(primitive)
    before = steps.at(-1) as Element
  }
  for (const step of steps) if (typeof step !== 'string') step.parent = filter
  filter.children = steps
}

function nameOf(primitive: Element, index: number): string {
  const name = primitive.attributes.get('result') ?? `td${index}`
  primitive.attributes.set('result', name)
  return name
}

function stepsOf({ attributes }: Element, input: string, index: number): Element[] {
  const [offset, shadow] = [`td${index}o`, `td${index}s`]
  const of = (...names: string[]) =>
    Object.fromEntries(names.flatMap((name) => (attributes.has(name) ? [[name, attributes.get(name) as string]] : [])))
  const region = of('x', 'y', 'width', 'height', 'color-interpolation-filters')
  return [
    create('feGaussianBlur', { ...region, in: input, stdDeviation: attributes.get('stdDeviation') ?? '2' }),
    create('feOffset', { ...region, dx: attributes.get('dx') ?? '2', dy: attributes.get('dy') ?? '2', result: offset }),
    create('feFlood', { ...region, ...of('flood-color', 'flood-opacity') }),
    create('feComposite', { ...region, in2: offset, operator: 'in', result: shadow }),
    create('feMerge', { ...region, ...of('result') }, [
      create('feMergeNode', { in: shadow }),
      create('feMergeNode', { in: input }),
    ]),
  ]
}
