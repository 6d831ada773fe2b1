import type { Engine } from '../messages.ts'
import { LIMITS, tooComplex } from './normalise/limits.ts'
import type { Feature } from './normalise/names.ts'
import type { NormalisedSvg } from './normalise/normalise.ts'

/**
 * Chooses the engine for a document by its features and its cost. Nothing else does. Throws TOO_COMPLEX if there is no other engine to try.
 * - Plain art, only shapes and paths, goes to resvg: it draws it as Chromium does, in half the time, and with fewer shades along edges,
 *   which makes lossless pictures a quarter smaller.
 * - Heavy art goes to resvg too if resvg supports its features: it takes a third to an eighth of librsvg's time.
 * - Documents with features that librsvg draws wrong go to resvg, unless they also have features that resvg draws wrong.
 * - What would take one engine longer than the limit goes to the other, if that takes less.
 * - Everything else goes to librsvg, which agrees with Chromium more often (`npm run bench -- fidelity`), lays out text as Chromium does
 *   and does not abort.
 * @param options.otherEngine after a failure of that engine: the other of the two
 */
export function chooseEngine(document: Drawable, { otherEngine = false } = {}): Engine {
  const best = bestEngine(document)
  const engine = document.work[best] > LIMITS.drawingMs ? OTHER[best] : best
  if (!otherEngine) return engine
  if (document.work[OTHER[engine]] > LIMITS.drawingMs) throw tooComplex('The other engine would take too long.')
  return OTHER[engine]
}

type Drawable = Pick<NormalisedSvg, 'features' | 'svg' | 'counts' | 'work'>

const OTHER: Record<Engine, Engine> = { resvg: 'librsvg', librsvg: 'resvg' }

function bestEngine(document: Drawable): Engine {
  if (isPlain(document)) return 'resvg'
  const features = [...document.features]
  const isLost = features.some((feature) => LOST_BY_LIBRSVG.has(feature))
  if (isLost && features.every((feature) => LOST_BY_LIBRSVG.has(feature) || DRAWN_BESIDE.has(feature))) return 'resvg'
  return isHeavy(document) && features.every((feature) => DRAWN_BY_RESVG.has(feature)) ? 'resvg' : 'librsvg'
}

/** Whether the document has only a few shapes and paths and nothing else. */
export const isPlain = ({ features, svg }: Pick<Drawable, 'features' | 'svg'>): boolean =>
  features.size === 0 && svg.length <= PLAIN_MAX_CHARS

/** Above this, art is so dense that most of it is edge shades. */
const PLAIN_MAX_CHARS = 20_000

/** Whether art is drawn once, for all sizes: an engine takes as long for 64 px as for 512, except for filters. */
export const isCostly = (document: Drawable, engine: Engine): boolean =>
  isHeavy(document) || (document.work[engine] > COSTLY_MS && !document.features.has('filter'))

const COSTLY_MS = 200

/**
 * Art that takes librsvg about 200 ms and more at any size, by its elements and its paths' characters. Below that librsvg's edges are
 * closer to Chromium's (coats of arms: 0.7 against 1.1 % of the pixels) and worth the time.
 */
const isHeavy = ({ counts: { elements, pathChars } }: Drawable): boolean => elements * 20 + pathChars > 400_000

/**
 * Features that resvg draws as Chromium does. It aborts on groups with opacity outside of the canvas: those are then drawn by the other
 * engine.
 */
const DRAWN_BY_RESVG: ReadonlySet<Feature> = new Set<Feature>(['gradient', 'opacity', 'clipPath', 'use'])

/** Features that librsvg draws wrong and resvg draws as Chromium does. */
const LOST_BY_LIBRSVG: ReadonlySet<Feature> = new Set<Feature>([
  'blur-region',
  'clip-complex',
  'filter-image',
  'morphology',
  'pattern-view-box',
])

/** Features that may occur together with those. */
const DRAWN_BESIDE: ReadonlySet<Feature> = new Set<Feature>([...DRAWN_BY_RESVG, 'filter', 'image', 'mask', 'pattern'])
