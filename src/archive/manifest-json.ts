import { PROBLEMS_KEPT, type Problems, show } from './problems.ts'

/** A manifest needs six levels; what reads it recurses no deeper than this. */
const DEPTH_MAX = 32
/** Of all arrays and objects together: ten for each of 100,000 files. */
const VALUES_MAX = 1_000_000

/** A manifest's bytes parsed as JSON; undefined where they are not JSON, with the reason added to the problems. */
export function parseManifest(bytes: Uint8Array, { file, problems }: { file: string; problems: Problems }): unknown {
  const add = (code: 'NOT_JSON' | 'MANIFEST_TOO_LARGE', message: string) =>
    problems.add({ code, file, pointer: '', message })
  try {
    // Strips the byte order mark that some editors write.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const { depth, values, twice } = scan(text)
    if (depth > DEPTH_MAX)
      add('MANIFEST_TOO_LARGE', `The manifest nests deeper than ${DEPTH_MAX} levels; write it as the schema says.`)
    else if (values > VALUES_MAX)
      add('MANIFEST_TOO_LARGE', `The manifest has more than ${VALUES_MAX} values; pack two archives.`)
    else {
      const value: unknown = JSON.parse(text)
      for (const pointer of twice)
        problems.add({
          code: 'DUPLICATE_KEY',
          file,
          pointer,
          message: `The key ${show(lastKeyOf(pointer))} is twice in its object: remove one of them.`,
        })
      return value
    }
  } catch (error) {
    const isText = error instanceof SyntaxError
    add('NOT_JSON', `The manifest is not ${isText ? 'JSON' : 'UTF-8 text'} (${(error as Error).message}): correct it.`)
  }
  return undefined
}

const lastKeyOf = (pointer: string) =>
  pointer
    .slice(pointer.lastIndexOf('/') + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~')

/** Longer than any key of a manifest, and short enough to be shown a thousand times. */
const KEY_CHARS = 100

/** A key as a part of a JSON pointer, truncated where it is long: https://www.rfc-editor.org/rfc/rfc6901#section-3 */
export const escapeKey = (key: string): string =>
  (key.length > KEY_CHARS ? `${key.slice(0, KEY_CHARS)}…` : key).replaceAll('~', '~0').replaceAll('/', '~1')

interface Open {
  /** Of an object, null for an array. */
  readonly keys: Set<string> | null
  /** The latest one. */
  key: string
  index: number
  isKeyNext: boolean
}

/**
 * What JSON.parse does not report: how deep the text nests, how many values it has, and the pointers of keys that are
 * twice in an object, of which it silently takes the last. Stops where a limit is exceeded.
 */
function scan(text: string): { depth: number; values: number; twice: string[] } {
  const stack: Open[] = []
  const twice: string[] = []
  let [depth, values] = [0, 0]
  for (let at = 0; at < text.length && depth <= DEPTH_MAX && values <= VALUES_MAX; at++) {
    const open = stack.at(-1)
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at)
        if (open?.keys && open.isKeyNext) {
          open.key = keyOf(text.slice(at, end + 1))
          // Those that are only counted need no pointer: a million long ones would be gigabytes.
          if (open.keys.has(open.key)) twice.push(twice.length < PROBLEMS_KEPT ? pointerOf(stack) : '')
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

/** Two spellings (escapes) of a key are the same key. */
const keyOf = (literal: string): string => (literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1))

const pointerOf = (stack: readonly Open[]): string =>
  stack.map(({ keys, key, index }) => `/${keys ? escapeKey(key) : index}`).join('')
