import type { Element } from './tree.ts'
import { inherited } from './tree.ts'

/** One character of a text element, with its positioning attributes. Lengths in px of the element. */
export interface Character {
  readonly letter: string
  /** The element whose style applies. */
  readonly element: Element
  x?: number
  y?: number
  dx?: number
  dy?: number
  /** In degrees. */
  rotate?: number
}

/** The characters of a text element, with white space collapsed and position lists distributed (SVG 2, 11.4 to 11.6). */
export function charactersOf(text: Element): Character[] {
  const characters: Character[] = []
  collect(text, characters)
  while (characters.at(-1)?.letter === ' ' && !isPreserved(characters.at(-1)?.element as Element)) characters.pop()
  return characters
}

function collect(element: Element, characters: Character[]): void {
  const start = characters.length
  for (const child of element.children) {
    if (typeof child === 'string') addLetters(child, element, characters)
    else if (child.name === 'tspan' || child.name === 'textPath') collect(child, characters)
  }
  const own = characters.slice(start)
  for (const name of ['x', 'y', 'dx', 'dy'] as const) {
    for (const [index, value] of numbersOf(element, name).entries()) {
      const character = own[index]
      if (character) character[name] ??= value
    }
  }
  const angles = numbersOf(element, 'rotate')
  if (angles.length > 0)
    for (const [index, character] of own.entries()) character.rotate ??= angles[index] ?? angles.at(-1)
}

function addLetters(text: string, element: Element, characters: Character[]): void {
  const keepsSpaces = isPreserved(element)
  for (const written of text) {
    const letter = /[\t\n\r]/.test(written) ? ' ' : written
    const isAgain = letter === ' ' && (characters.length === 0 || characters.at(-1)?.letter === ' ')
    if (keepsSpaces || !isAgain) characters.push({ letter, element })
  }
}

const isPreserved = (element: Element): boolean =>
  inherited(element, 'xml:space') === 'preserve' ||
  /^(?:pre|break-spaces)/.test(inherited(element, 'white-space') ?? '')

const numbersOf = ({ attributes }: Element, name: string): number[] =>
  (attributes.get(name) ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number)
