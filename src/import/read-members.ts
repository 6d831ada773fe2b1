import { createReadStream } from 'node:fs'

/** A member of a JSON object, as text. */
export interface Member {
  /** The object that holds it: null for the document's own members, else the name given as `inside`. */
  readonly of: string | null
  /** `"name": value` */
  readonly text: string
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const OPENING = new Set([0x7b, 0x5b])
const CLOSING = new Set([0x7d, 0x5d])

/**
 * The members of the object in a JSON file, with the members of its member `inside` one by one in its place: reads a file of any size in
 * the memory of one member. Only splits; JSON.parse reports what is wrong with a piece. Throws SyntaxError if the file ends too early.
 */
export async function* readMembers(file: string, inside: string): AsyncIterable<Member> {
  let [depth, level] = [0, 1]
  let [isQuoted, isEscaped] = [false, false]
  let pieces: Buffer[] = []
  const take = (piece: Buffer): string => {
    const text = Buffer.concat([...pieces, piece])
      .toString('utf8')
      .trim()
    pieces = []
    return text
  }
  for await (const data of createReadStream(file)) {
    const chunk = data as Buffer
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (isQuoted) {
        if (isEscaped) isEscaped = false
        else if (byte === BACKSLASH) isEscaped = true
        else if (byte === QUOTE) isQuoted = false
      } else if (byte === QUOTE) isQuoted = true
      else if (OPENING.has(byte)) {
        depth++
        if (depth === 1) from = at + 1
        if (depth !== 2 || level !== 1 || !isNameOf(inside, [...pieces, chunk.subarray(from, at)])) continue
        level = 2
        pieces = []
        from = at + 1
      } else if (byte === COMMA ? depth === level : CLOSING.has(byte) && depth-- === level) {
        const text = take(chunk.subarray(from, at))
        if (text) yield { of: level === 2 ? inside : null, text }
        if (byte !== COMMA) level = 1
        from = at + 1
      }
    }
    pieces.push(chunk.subarray(from))
  }
  if (depth !== 0 || isQuoted) throw new SyntaxError('the file ends too early')
}

/** Whether the text before a value is `"name":`. */
const isNameOf = (name: string, pieces: readonly Buffer[]): boolean =>
  Buffer.concat(pieces).toString('utf8').replace(':', '').trim() === JSON.stringify(name)
