import { chooseEngine, isPlain } from './engine.ts'
import { type NormalisedSvg, normalise } from './normalise/normalise.ts'
import { rasterise, SMALL } from './rasterise.ts'

/** A small drawing with a smaller fraction of visible pixels counts as nearly empty. */
const HARDLY_VISIBLE = 0.01

export interface StillOptions {
  readonly otherEngine?: boolean
  /** Called with the warnings of a document that is not plain art before an engine draws it. */
  readonly onNormalised?: (warnings: readonly string[]) => void
}

/**
 * Reads the document as a still picture: before its animations begin or, if that is nearly empty, at their end or partway. Throws what
 * `normalise` throws.
 */
export async function readStill(svg: Uint8Array, options: StillOptions = {}): Promise<NormalisedSvg> {
  const first = await normalise(svg)
  if (first.warnings.length > 0 || !isPlain(first)) options.onNormalised?.(first.warnings)
  if (!first.warnings.includes('ANIMATION')) return first
  const visible = await visibleShare(first, options)
  if (visible >= HARDLY_VISIBLE) return first
  let best = { document: first, visible }
  for (const moment of ['quarter', 'half'] as const) {
    const document = await normalise(svg, moment)
    const drawn = { document, visible: await visibleShare(document, options) }
    if (drawn.visible > best.visible) best = drawn
    if (best.visible >= HARDLY_VISIBLE) break
  }
  return best.document
}

/** The fraction of visible pixels in a small drawing, 0 to 1, weighted by alpha. */
async function visibleShare(document: NormalisedSvg, options: StillOptions): Promise<number> {
  const { pixels } = await rasterise(document, {
    canvas: SMALL,
    engine: chooseEngine(document, options),
    background: null,
  })
  let alpha = 0
  for (let at = 3; at < pixels.length; at += 4) alpha += pixels[at] as number
  return alpha / (255 * (pixels.length / 4))
}
