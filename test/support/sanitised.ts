import { SaxesParser } from 'saxes'
import { expect } from 'vitest'
import { AppError, type ErrorCode } from '../../src/core/errors.ts'
import { ALLOWED } from '../../src/render/child/sanitise/names.ts'
import { type SanitisedSvg, sanitise } from '../../src/render/child/sanitise/sanitise.ts'

export const NS = 'xmlns="http://www.w3.org/2000/svg"'
export const XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
export const BOX = 'width="9" height="9" viewBox="0 0 9 9"'
/** A document around a body. */
export const doc = (body: string, attributes = BOX) => `<svg ${NS} ${XLINK} ${attributes}>${body}</svg>`

/** What sanitise() returns, or the code that it throws. */
export const outcome = (input: string | Uint8Array): SanitisedSvg | ErrorCode => {
  try {
    return sanitise(typeof input === 'string' ? Buffer.from(input) : input)
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

/** Claims that hold for whatever is let through. */
export function expectClean(svg: string): void {
  const parser = new SaxesParser({ xmlns: true })
  parser.on('processinginstruction', () => expect.unreachable('a processing instruction'))
  parser.on('doctype', () => expect.unreachable('a doctype'))
  let isStyle = false
  parser.on('opentag', ({ name, uri, attributes }) => {
    isStyle = name === 'style'
    expect(uri).toBe('http://www.w3.org/2000/svg')
    expect(ALLOWED.has(name) && name !== 'a', name).toBe(true)
    for (const { name: attribute, value } of Object.values(attributes)) {
      // A name refers to nothing, whatever it looks like.
      if (attribute === 'xmlns' || attribute === 'id') continue
      expect(attribute).toMatch(/^(?:xml:(?:space|lang)|(?!on|src$)[a-zA-Z][\w.-]*)$/i)
      if (attribute === 'href') expect(value).toMatch(/^(?:#[^\s]+|data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=]*)$/)
      else expectLocal(value)
    }
  })
  parser.on('text', (text) => {
    if (isStyle) {
      expectLocal(text)
      expect(text).not.toMatch(/@|\/\*/)
    }
  })
  parser.on('closetag', () => {
    isStyle = false
  })
  parser.write(svg).close()
  expect(sanitise(Buffer.from(svg)).svg).toBe(svg)
}

function expectLocal(value: string): void {
  const rest = value.replaceAll(/url\(\s*(["']?)#[^"'()\s\\]+\1\s*\)/g, '')
  expect(rest).not.toMatch(/(?:url|src|image|expression)\s*\(|\\0*7[25]/i)
}
