import { SaxesParser } from 'saxes'
import { AppError } from '../errors.ts'

/** A larger source is not a preview's business; 5 MB is some 100,000 path segments. */
export const SOURCE_MAX_BYTES = 5_000_000

/**
 * Looks at the root element only: is it an SVG, and what size does it state? The type is decided by parsing, never by
 * name. Returns px, null where the document states none. Throws EMPTY, TOO_LARGE or NOT_SVG.
 */
export function inspectSvg(bytes: Uint8Array): { width: number | null; height: number | null } {
  if (bytes.length > SOURCE_MAX_BYTES)
    throw new AppError('TOO_LARGE', `The file has ${bytes.length} bytes; at most ${SOURCE_MAX_BYTES} are taken.`)
  const text = new TextDecoder().decode(bytes)
  if (text.trim() === '') throw new AppError('EMPTY', 'The file has no content.')
  const root = readRoot(text)
  if (root?.name.replace(/^.*:/, '') !== 'svg') {
    throw new AppError(
      'NOT_SVG',
      root ? `The root element is <${root.name.slice(0, 40)}>, not <svg>.` : 'The file is no XML document.',
    )
  }
  const [, , boxWidth = null, boxHeight = null] = (root.attributes.viewBox ?? '')
    .trim()
    .split(/[\s,]+/)
    .map(toPx)
  return { width: toPx(root.attributes.width) ?? boxWidth, height: toPx(root.attributes.height) ?? boxHeight }
}

function readRoot(text: string): { name: string; attributes: Record<string, string> } | null {
  const parser = new SaxesParser()
  let root: { name: string; attributes: Record<string, string> } | null = null
  parser.on('opentag', (tag) => {
    root ??= { name: tag.name, attributes: tag.attributes as Record<string, string> }
  })
  // Illustrator's DTD entities in attributes are legitimate; the renderer judges the rest of the document.
  parser.on('error', () => {})
  for (let from = 0; from < text.length && !root; from += 4096) parser.write(text.slice(from, from + 4096))
  return root
}

/** CSS px of a length in px or without a unit; other units are left to the renderer. */
function toPx(length: string | undefined): number | null {
  const match = /^\+?(\d+\.?\d*|\.\d+)(px)?$/.exec(length?.trim() ?? '')
  return match ? Number(match[1]) : null
}
