import type { Element, Work } from './tree.ts'
import { addWork, NO_WORK, work } from './work.ts'

/** What a gradient takes in addition where it fills as much as the picture. */
const GRADIENTS: Readonly<Record<string, Work>> = {
  linearGradient: work(2.5, 1.3),
  radialGradient: work(2.8, 3.8),
}

/**
 * What each of its stops takes in addition there: librsvg looks from the first one for the two that a pixel is between, wherever it is not
 * between those of the pixel before, which in a short gradient that repeats is everywhere.
 */
const FILLING_STOP = work(0.01, 0.04)
const REPEATED_STOP = work(0.01, 0.15)
/** More stops than this are closer together than pixels. */
const REPEATED_STOPS_MAX = 120

/**
 * @param shares of the picture that all shapes cover together which it fills; each at most 1
 * @param stops its own and those that it inherits
 */
export function workOfGradient(
  { name, attributes }: Element,
  { shares, stops }: { shares: number; stops: number },
): Work {
  const isRepeated = /reflect|repeat/.test(attributes.get('spreadMethod') ?? '')
  const ofStops = isRepeated
    ? addWork(NO_WORK, REPEATED_STOP, Math.min(stops, REPEATED_STOPS_MAX))
    : addWork(NO_WORK, FILLING_STOP, stops)
  return addWork(NO_WORK, addWork(GRADIENTS[name] ?? NO_WORK, ofStops), shares)
}
