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
  const box = viewBoxOf(viewBox)
  return { width: toPx(width) ?? box?.width ?? null, height: toPx(height) ?? box?.height ?? null }
}

interface Root {
  readonly name: string
  readonly attributes: Record<string, string>
}

function readRoot(text: string): Root | null {
  const parser = new SaxesParser()
  let root: Root | null = null
  parser.on('opentag', (tag) => {
    root ??= { name: tag.name, attributes: tag.attributes as Record<string, string> }
  })
  // Illustrator's DTD entities in attributes are legitimate, and this parser does not support them.
  parser.on('error', () => {})
  for (let from = 0; from < text.length && !root; from += 4096) parser.write(text.slice(from, from + 4096))
  return root
}
