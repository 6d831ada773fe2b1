/** Properties of a JSON text that JSON.parse does not report. */
export interface JsonScan {
  readonly depth: number
  /** Of all arrays and objects together. */
  readonly values: number
  /** JSON pointers (RFC 6901) of duplicate keys, of which JSON.parse silently uses the last. */
  readonly twice: readonly string[]
}

interface Open {
  /** The keys of an object, null for an array. */
  readonly keys: Set<string> | null
  /** The latest one. */
  key: string
  index: number
  isKeyNext: boolean
}

/**
 * Scans a JSON text without recursion; stops at the limits of depth and values. The result is meaningless for a text that is not JSON.
 * @param limits.reported pointers to report; further duplicates are only counted, as empty strings: a million long ones would be gigabytes
 */
export function scanJson(text: string, limits: { depth: number; values: number; reported: number }): JsonScan {
  const stack: Open[] = []
  const twice: string[] = []
  let [depth, values] = [0, 0]
  for (let at = 0; at < text.length && depth <= limits.depth && values <= limits.values; at++) {
    const open = stack.at(-1)
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at)
        if (open?.keys && open.isKeyNext) {
          open.key = keyOf(text.slice(at, end + 1))
          if (open.keys.has(open.key)) twice.push(twice.length < limits.reported ? pointerOf(stack) : '')
          open.keys.add(open.key)
          open.isKeyNext = false
        }
        at = end
        break
      }
      case OBJECT:
      case ARRAY:
        stack.push({ keys: text.charCodeAt(at) === OBJECT ? new Set() : null, key: '', index: 0, isKeyNext: true })
        depth = Math.max(depth, stack.length)
        values++
        break
      case OBJECT_END:
      case ARRAY_END:
        stack.pop()
        break
      case COMMA:
        values++
        if (!open) break
        open.index++
        open.isKeyNext = true
    }
  }
  return { depth, values, twice }
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const [OBJECT, OBJECT_END, ARRAY, ARRAY_END] = [0x7b, 0x7d, 0x5b, 0x5d]

function endOfString(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

/** A key can be spelled in several ways. */
const keyOf = (literal: string): string => (literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1))

/** Longer than any meaningful key, and short enough to be shown a thousand times. */
const KEY_CHARS = 100

/** A key as a part of a JSON pointer, truncated if long: https://www.rfc-editor.org/rfc/rfc6901#section-3 */
export const escapeKey = (key: string): string =>
  (key.length > KEY_CHARS ? `${key.slice(0, KEY_CHARS)}…` : key).replaceAll('~', '~0').replaceAll('/', '~1')

const pointerOf = (stack: readonly Open[]): string =>
  stack.map(({ keys, key, index }) => `/${keys ? escapeKey(key) : index}`).join('')

/** The last key of a pointer. */
export const lastKeyOf = (pointer: string): string =>
  pointer
    .slice(pointer.lastIndexOf('/') + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~')
