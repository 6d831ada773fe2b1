import { lastKeyOf, scanJson } from '../core/scan-json.ts'
import { PROBLEMS_KEPT, type Problems, show } from './problems.ts'

/** A manifest needs six levels; its readers recurse no deeper than this. */
const DEPTH_MAX = 32
/** Of all arrays and objects together: ten for each of 100,000 files. */
const VALUES_MAX = 1_000_000

/** Parses a manifest's bytes as JSON; undefined if they are not JSON, with the reason added to the problems. */
export function parseManifest(bytes: Uint8Array, { file, problems }: { file: string; problems: Problems }): unknown {
  const add = (code: 'NOT_JSON' | 'MANIFEST_TOO_LARGE', message: string) =>
    problems.add({ code, file, pointer: '', message })
  try {
    // Strips the byte order mark that some editors write.
    const text = new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes)
    const limits = { depth: DEPTH_MAX, values: VALUES_MAX, reported: PROBLEMS_KEPT }
    const { depth, values, twice } = scanJson(text, limits)
    if (depth > DEPTH_MAX)
      add('MANIFEST_TOO_LARGE', `The manifest nests deeper than ${DEPTH_MAX} levels; follow the schema.`)
    else if (values > VALUES_MAX)
      add('MANIFEST_TOO_LARGE', `The manifest has more than ${VALUES_MAX} values; split it into two archives.`)
    else {
      const value: unknown = JSON.parse(text)
      for (const pointer of twice)
        problems.add({
          code: 'DUPLICATE_KEY',
          file,
          pointer,
          message: `The key ${show(lastKeyOf(pointer))} occurs twice in its object: remove one of them.`,
        })
      return value
    }
  } catch (error) {
    add(
      'NOT_JSON',
      error instanceof SyntaxError
        ? `The manifest is not JSON${placeOf(error)}: correct it.`
        : 'The manifest is not UTF-8 text: save it as UTF-8.',
    )
  }
  return undefined
}

/** Windows PowerShell's `Out-File` and `>` write UTF-16 with a byte order mark. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}

/** Where a text ceases to be JSON, from V8's message. */
function placeOf({ message }: SyntaxError): string {
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? []
  if (line) return ` from line ${line}, column ${column} on`
  return /end of JSON input|Unterminated/.test(message) ? ', because it ends too early' : ''
}
