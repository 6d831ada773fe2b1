import { filtered, page, square, times, type WorstKind, whole } from './worst-words.ts'

const circles = (count: number) =>
  times(count, (i) => `<circle r="9${i % 9}" cx="-${i % 99}" fill="none" stroke="red"/>`)
const arcs = (count: number) => times(count, (i) => `A${(i % 9) + 1}e4 1e5 0 1 ${i % 2} ${i % 99} ${(i * 7) % 99}`)

/** Shapes far beyond the picture: by what they are used, nested or transformed in. */
export const FAR_KINDS: readonly WorstKind[] = [
  ['far: circles in an enlarged group', (n) => page(`<g transform="scale(1e5)">${circles(n)}</g>`)],
  [
    'far: circles in groups that enlarge each other',
    (n) => page(`${'<g transform="scale(1.5)">'.repeat(40)}${circles(n)}${'</g>'.repeat(40)}`),
  ],
  [
    'far: circles used enlarged',
    (n) =>
      page(
        `<defs><g id="a">${circles(square(n))}</g></defs>${times(square(n), (i) => `<use href="#a" transform="scale(${i % 9}e5)"/>`)}`,
      ),
  ],
  [
    'far: circles in a small view box',
    (n) => page(`<svg width="100" height="100" viewBox="0 0 .001 .001">${circles(n)}</svg>`),
  ],
  [
    'far: circles in a symbol of a small view box',
    (n) =>
      page(
        `<symbol id="a" viewBox="0 0 .001 .001">${circles(square(n))}</symbol>${times(square(n), (i) => `<use href="#a" width="${i % 99}" height="99"/>`)}`,
      ),
  ],
  ['far: circles in a small root', (n) => page(circles(n), 'viewBox="0 0 .001 .001" width="100" height="100"')],
  [
    'far: long paths of arcs',
    (n) => page(times(n / 200 + 1, () => `<path fill="none" stroke="red" d="M0 0${arcs(200)}"/>`)),
  ],
  [
    'far: short paths of curves in a small root',
    (n) =>
      page(
        times(n, (i) => `<path d="M0 0C99 ${i % 9} 99 99 0 99z"/>`),
        'viewBox="0 0 .01 .01" width="100" height="100"',
      ),
  ],
  [
    'far: rounded rectangles, enlarged',
    (n) =>
      page(
        `<g transform="scale(1e5)">${times(n, (i) => `<rect x="-${i % 9}" rx="9" width="99" height="99" fill="none" stroke="red"/>`)}</g>`,
      ),
  ],
  [
    'far: letters, enlarged',
    (n) =>
      page(`<g transform="scale(1e4)">${times(n / 9 + 1, (i) => `<text x="-${i % 9}" y="9">abcdefghi</text>`)}</g>`),
  ],
  [
    'far: circles in an enlarged pattern',
    (n) =>
      page(
        `<pattern id="p" width="1" height="1" patternUnits="userSpaceOnUse" patternContentUnits="userSpaceOnUse" patternTransform="scale(9)"><g transform="scale(1e5)">${circles(n)}</g></pattern>${whole('fill="url(#p)"')}`,
      ),
  ],
  [
    'far: circles that clip in box units',
    (n) =>
      page(
        `<clipPath id="c" clipPathUnits="objectBoundingBox">${times(square(n), (i) => `<circle r="9${i % 9}e4" cx="-1e5"/>`)}</clipPath>${times(square(n), () => whole('clip-path="url(#c)"'))}`,
      ),
  ],
  [
    'far: circles in a mask',
    (n) =>
      page(
        `<mask id="m"><g transform="scale(1e5)">${circles(square(n))}</g></mask>${times(square(n), () => whole('mask="url(#m)"'))}`,
      ),
  ],
  [
    'far: markers of circles, enlarged',
    (n) =>
      page(
        `<marker id="m" markerWidth="1e6" markerHeight="1e6" viewBox="0 0 1 1" overflow="visible"><circle r="9" fill="none" stroke="red"/></marker><path fill="none" marker-mid="url(#m)" d="M0 0${'h1v1'.repeat(n / 2 + 1)}"/>`,
      ),
  ],
  [
    'far: morphology in an enlarged group',
    (n) =>
      filtered(
        '<feMorphology operator="dilate" radius=".05"/>',
        `<g transform="scale(1000)">${times(n, () => '<path d="M0 0h.1v.1H0" filter="url(#f)"/>')}</g>`,
      ),
  ],
  [
    'far: dashes that do not scale',
    (n) =>
      page(
        `<g transform="scale(1e4)">${times(n, (i) => `<path vector-effect="non-scaling-stroke" stroke="red" stroke-dasharray=".1" d="M0 ${i % 9}h99"/>`)}</g>`,
      ),
  ],
  [
    'far: dashes in an enlarged group',
    (n) =>
      page(
        `<g transform="scale(1e4)">${times(n, (i) => `<path stroke="red" stroke-width=".01" stroke-dasharray=".01" d="M-9 ${i % 9}h99"/>`)}</g>`,
      ),
  ],
]
