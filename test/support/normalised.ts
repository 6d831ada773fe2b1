import { SaxesParser } from 'saxes'
import { expect } from 'vitest'
import { AppError, type ErrorCode } from '../../src/core/errors.ts'
import { ATTRIBUTES } from '../../src/render/child/normalise/attributes.ts'
import { PRINTED } from '../../src/render/child/normalise/names.ts'
import { type NormalisedSvg, normalise } from '../../src/render/child/normalise/normalise.ts'
import { PROPERTIES } from '../../src/render/child/normalise/properties.ts'

export const NS = 'xmlns="http://www.w3.org/2000/svg"'
export const XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
export const BOX = 'width="9" height="9" viewBox="0 0 9 9"'
/** A document around a body. */
export const doc = (body: string, attributes = BOX) => `<svg ${NS} ${XLINK} ${attributes}>${body}</svg>`

/** The result of normalise(), or the code that it throws. */
export const outcome = async (input: string | Uint8Array): Promise<NormalisedSvg | ErrorCode> => {
  try {
    return await normalise(typeof input === 'string' ? Buffer.from(input) : input)
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

/** All attributes that are printed, apart from ids, references and properties. */
const ATTRIBUTE_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(PROPERTIES),
  ...Object.values(ATTRIBUTES).flatMap((attributes) => Object.keys(attributes)),
  'id',
  'style',
  'href',
  'xmlns',
])
/** Resolved by the normaliser: engines need not support them. */
const NEVER =
  /^(?:class|mix-blend-mode|isolation|src|on.*|pathLength|transform-(?:origin|box)|translate|scale|animation.*|white-space|text-transform|mask-image)$/i

/** Claims that hold for every accepted document. */
export async function expectClean(svg: string): Promise<void> {
  const parser = new SaxesParser({ xmlns: true })
  const ids = new Set<string>()
  const referred = new Set<string>()
  parser.on('processinginstruction', () => expect.unreachable('a processing instruction'))
  parser.on('doctype', () => expect.unreachable('a doctype'))
  parser.on('opentag', ({ name, uri, attributes }) => {
    expect(uri).toBe('http://www.w3.org/2000/svg')
    expect(PRINTED.has(name), name).toBe(true)
    for (const { name: attribute, value } of Object.values(attributes)) {
      expect(ATTRIBUTE_NAMES.has(attribute), attribute).toBe(true)
      if (attribute === 'style') {
        expect(value).toMatch(/^(?:isolation:[a-z]+;?)?(?:mix-blend-mode:[a-z-]+)?$/)
        continue
      }
      expect(attribute).not.toMatch(NEVER)
      if (attribute === 'id') ids.add(value)
      else if (attribute === 'href') {
        expect(value).toMatch(/^(?:#i\d+|data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=]*)$/)
        if (value.startsWith('#')) referred.add(value.slice(1))
      } else if (attribute !== 'xmlns') expectLocal(value, referred)
    }
  })
  parser.write(svg).close()
  expect([...referred].filter((id) => !ids.has(id))).toEqual([])
  expect([...ids].filter((id) => !referred.has(id))).toEqual([])
  expect((await normalise(Buffer.from(svg))).svg).toBe(svg)
}

/** References are only `url(#id)`, and nothing is left to compute. */
function expectLocal(value: string, referred: Set<string>): void {
  const id = /^url\(#(i\d+)\)(?: #[\da-f]{6})?$/.exec(value)?.[1]
  if (id !== undefined) referred.add(id)
  else expect(value).not.toMatch(/url|src\s*\(|image\s*\(|expression|var\(|calc\(|[\\@{};]|\/\*|rgba?\(|hsl/i)
}
