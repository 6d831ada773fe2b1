import type { Engine } from '../messages.ts'
import type { NormalisedSvg } from './normalise/normalise.ts'

/**
 * Which engine draws a document: the one place where that is decided, by what the document is made of.
 * - Text goes to librsvg, whose letters are Chromium's to the pixel; only what it cannot set (text on a path, textLength,
 *   a place or an angle for each letter, word-spacing) goes to resvg. Both see the bundled fonts alone.
 * - Plain art, shapes and paths and nothing else, goes to resvg too: it draws it as Chromium does, in half the time, and
 *   with fewer shades along edges, which makes lossless pictures a quarter smaller.
 * - All else goes to librsvg, which agrees with Chromium more often (`npm run bench -- fidelity`) and does not abort.
 * @param options.otherEngine where that one failed: the other of the two
 */
export function chooseEngine(document: Drawable, { otherEngine = false } = {}): Engine {
  const engine = bestEngine(document)
  return otherEngine ? OTHER[engine] : engine
}

type Drawable = Pick<NormalisedSvg, 'features' | 'svg'>

const OTHER: Record<Engine, Engine> = { resvg: 'librsvg', librsvg: 'resvg' }

function bestEngine({ features, svg }: Drawable): Engine {
  // resvg aborts on groups with opacity that lie off the canvas, so it sets no text beside any.
  const isForResvg = (features.has('text-path') || features.has('text-length')) && !features.has('opacity')
  if (features.has('text')) return isForResvg ? 'resvg' : 'librsvg'
  return features.size === 0 && svg.length <= PLAIN_MAX_CHARS ? 'resvg' : 'librsvg'
}

/** Above this, art is so dense that the shades along its edges are most of it. */
const PLAIN_MAX_CHARS = 20_000
