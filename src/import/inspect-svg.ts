import { SaxesParser } from 'saxes'
import { AppError } from '../core/errors.ts'
import { decode } from '../render/child/normalise/decode.ts'
import { toPx } from '../render/child/normalise/lengths.ts'
import { viewBoxOf } from '../render/child/normalise/size.ts'
import { unpack } from '../render/child/normalise/unpack.ts'

/**
 * Reads only the root element: whether it is an SVG (or SVGZ), and the size that it states. Detected by parsing, never by name; the
 * renderer checks the rest. Returns CSS px, null if the document states none. Throws EMPTY, TOO_LARGE, UNSUPPORTED or NOT_SVG.
 */
export function inspectSvg(bytes: Uint8Array): { width: number | null; height: number | null } {
  const root = readRoot(decode(unpack(bytes)))
  if (root?.name.replace(/^.*:/, '') !== 'svg') {
    throw new AppError(
      'NOT_SVG',
      root ? `The root element is <${root.name.slice(0, 40)}>, not <svg>.` : 'The file is not an XML document.',
    )
  }
  const { width, height, viewBox } = root.attributes
  const box = viewBoxOf(viewBox?.slice(0, SIZE_CHARS))
  const sideOf = (side: string | undefined) => toPx(side?.slice(0, SIZE_CHARS))
  return { width: sideOf(width) ?? box?.width ?? null, height: sideOf(height) ?? box?.height ?? null }
}

/** No size is longer, white space included. */
const SIZE_CHARS = 1000

interface Root {
  readonly name: string
  readonly attributes: Record<string, string>
}

/**
 * Errors before the root element, after which the document is given up: each costs 3 µs, and 5 MB of `<` have five million. Illustrator's
 * root element has a dozen, because this parser does not support its DTD's entities, which are legitimate.
 */
const ERRORS_MAX = 100

function readRoot(text: string): Root | null {
  const parser = new SaxesParser()
  let root: Root | null = null
  let errors = 0
  parser.on('opentag', (tag) => {
    root ??= { name: tag.name, attributes: tag.attributes as Record<string, string> }
  })
  parser.on('error', () => {
    errors++
  })
  const isDone = () => root !== null || errors > ERRORS_MAX
  for (let from = 0; from < text.length && !isDone(); from += PIECE_CHARS)
    parser.write(text.slice(from, from + PIECE_CHARS))
  return root
}

/** The parser cannot be stopped within a piece. */
const PIECE_CHARS = 4096
