import { filtered, page, square, times, USER, type WorstKind, whole } from './worst-words.ts'

/** Filters. */
export const FILTER_KINDS: readonly WorstKind[] = [
  [
    'chain of morphology',
    (n) =>
      filtered(
        times(Math.min(n, 99), () => '<feMorphology operator="dilate" radius="2"/>'),
        whole('filter="url(#f)"'),
      ),
  ],
  [
    'morphology of many',
    (n) =>
      filtered(
        '<feMorphology operator="erode" radius="1"/>',
        times(n, (i) => `<path d="M${i % 90} 0h9v9" filter="url(#f)"/>`),
        USER,
      ),
  ],
  [
    'morphology in box units',
    (n) =>
      filtered(
        '<feMorphology radius=".3"/>',
        times(n, () => whole('filter="url(#f)"')),
        'primitiveUnits="objectBoundingBox"',
      ),
  ],
  [
    'lighting',
    (n) =>
      filtered(
        '<feSpecularLighting specularExponent="99" specularConstant="2"><feSpotLight x="1" z="9" specularExponent="50" limitingConeAngle="80"/></feSpecularLighting>',
        times(n, () => whole('filter="url(#f)"')),
      ),
  ],
  [
    'large blur regions',
    (n) =>
      filtered(
        '<feGaussianBlur stdDeviation="9"/>',
        times(n, (i) => `<path d="M${i % 90} 0h20v90" filter="url(#f)"/>`),
        'x="-5" y="-5" width="15" height="15"',
      ),
  ],
  [
    'blurs of one direction',
    (n) =>
      filtered(
        '<feGaussianBlur stdDeviation="90 0"/><feGaussianBlur stdDeviation="0 90"/>',
        times(n, () => whole('filter="url(#f)"')),
      ),
  ],
  [
    'turbulence',
    (n) =>
      filtered(
        '<feTurbulence type="fractalNoise" numOctaves="9" stitchTiles="stitch" baseFrequency=".3"/>',
        times(n, () => whole('filter="url(#f)"')),
      ),
  ],
  [
    'convolution',
    (n) =>
      filtered(
        `<feConvolveMatrix order="9" kernelMatrix="${'1 '.repeat(81)}"/>`,
        times(n, () => whole('filter="url(#f)"')),
      ),
  ],
  [
    '99 primitives',
    (n) =>
      filtered(
        times(99, (i) => `<feComposite operator="arithmetic" k2=".5" k3=".5" in2="SourceGraphic" result="r${i}"/>`),
        times(n, () => whole('filter="url(#f)"')),
      ),
  ],
  [
    'merges of 300',
    (n) =>
      filtered(
        `<feMerge>${'<feMergeNode in="SourceGraphic"/>'.repeat(300)}</feMerge>`,
        times(n, () => whole('filter="url(#f)"')),
      ),
  ],
  [
    'tiles',
    (n) =>
      filtered(
        '<feFlood x="0" y="0" width="1" height="1" flood-color="red"/><feTile x="-500" y="-500" width="1000" height="1000"/>',
        times(n, () => whole('filter="url(#f)"')),
      ),
  ],
  [
    'displacement',
    (n) =>
      filtered(
        '<feTurbulence/><feDisplacementMap in="SourceGraphic" scale="99"/>',
        times(n, () => whole('filter="url(#f)"')),
      ),
  ],
  [
    'filter functions',
    (n) => page(times(n, () => whole('style="filter:blur(9px) drop-shadow(9px 9px 9px red) hue-rotate(9deg)"'))),
  ],
  [
    'filters in filters',
    (n) =>
      page(
        `<filter id="f"><feGaussianBlur stdDeviation="3"/></filter>${times(n, () => `${'<g filter="url(#f)">'.repeat(8)}${whole('')}${'</g>'.repeat(8)}`)}`,
      ),
  ],
  [
    'feImage of a use graph',
    (n) =>
      filtered(
        '<feImage xlink:href="#e"/>',
        `<g id="e">${times(square(n), () => whole(''))}</g>${times(square(n), () => whole('filter="url(#f)"'))}`,
      ),
  ],
]
