import { filtered, page, png, points, square, stops, times, type WorstKind, whole } from './worst-words.ts'

const TINY = 'x="0" y="0" width=".1" height=".1"'
const TINY_FILTER = `filterUnits="userSpaceOnUse" ${TINY}`
const curves = (count: number) => `M0 0${times(count, (i) => `c1 ${i % 7} 3 4 ${i % 5} 5`)}`
const gradient = (name: string, attributes: string, count: number) =>
  `<${name} id="g" gradientUnits="userSpaceOnUse" ${attributes}>${stops(count)}</${name}>`

/** Kinds that an earlier estimate missed. */
export const MISSED_KINDS: readonly WorstKind[] = [
  [
    'blurs in regions that are enlarged',
    (n) =>
      filtered(
        '<feGaussianBlur stdDeviation=".01"/>',
        times(n, () => '<rect transform="scale(1000)" width=".05" height=".05" fill="red" filter="url(#f)"/>'),
        TINY_FILTER,
      ),
  ],
  [
    'uses that enlarge the region of turbulence',
    (n) =>
      filtered(
        '<feTurbulence baseFrequency=".05" numOctaves="5"/>',
        `<rect id="r" width=".05" height=".05" fill="red" filter="url(#f)"/>${times(n, () => '<use xlink:href="#r" transform="scale(1000)"/>')}`,
        TINY_FILTER,
      ),
  ],
  [
    'masks in regions that are enlarged',
    (n) =>
      page(
        `<mask id="m" maskUnits="userSpaceOnUse" ${TINY}><rect ${TINY} fill="#fff"/></mask>${times(n, () => `<rect transform="scale(1000)" ${TINY} fill="red" mask="url(#m)"/>`)}`,
      ),
  ],
  [
    'lighting of a small kernelUnitLength',
    (n) =>
      filtered(
        '<feDiffuseLighting kernelUnitLength=".05"><feDistantLight azimuth="3"/></feDiffuseLighting>',
        times(n, () => '<rect width="99" height="99" fill="red" filter="url(#f)"/>'),
      ),
  ],
  [
    'pictures of filters',
    (n) =>
      filtered(
        `<feImage xlink:href="${png}" preserveAspectRatio="none"/>`.repeat(20),
        times(n, () => whole('fill="red" filter="url(#f)"')),
      ),
  ],
  [
    'wide strokes of letters',
    (n) =>
      page(
        times(
          square(n),
          (i) => `<text y="${i % 99}" stroke="red" stroke-width="500" font-size="20">${'m'.repeat(square(n))}</text>`,
        ),
      ),
  ],
  [
    'stroked letters over each other',
    (n) => page(`<text letter-spacing="-9" font-size="90" stroke="red" y="80">${'mw'.repeat(n)}</text>`),
  ],
  [
    'patterns of enlarged shapes',
    (n) =>
      page(
        `<pattern id="p" patternUnits="userSpaceOnUse" width=".1" height=".1"><rect width=".05" height=".1" fill="red"/></pattern>${times(n, () => '<rect transform="scale(999)" width=".1" height=".1" fill="url(#p)"/>')}`,
      ),
  ],
  [
    'oblique gradients',
    (n) => page(gradient('linearGradient', 'x2="60" y2="1"', 2) + times(n, () => whole('fill="url(#g)"'))),
  ],
  [
    'oblique gradients of 200 stops',
    (n) => page(gradient('linearGradient', 'x2="60" y2="1"', 200) + times(n, () => whole('fill="url(#g)"'))),
  ],
  [
    'gradients of 200 stops that repeat',
    (n) =>
      page(
        gradient('linearGradient', 'x2="3" y2="1" spreadMethod="reflect"', 200) +
          times(n, () => whole('fill="url(#g)"')),
      ),
  ],
  [
    'short paths of crossing lines',
    (n) =>
      page(
        times(
          n,
          (i) => `<path stroke="red" d="M0 0${times(190, (at) => `L${(at * 37 + i) % 101} ${(at * 53) % 97}`)}"/>`,
        ),
      ),
  ],
  [
    'short paths of circles',
    (n) =>
      page(times(n, (i) => `<path stroke="red" d="${times(60, (at) => `M50 9a41 4${at % 9} 0 1 1 ${i % 3} 82`)}"/>`)),
  ],
  ['thin strokes of circles', (n) => page(times(n, (i) => `<circle cx="50" cy="50" r="${i % 50}" stroke="red"/>`))],
  [
    'texts on one path',
    (n) =>
      page(
        `<path id="p" d="${curves(400)}"/>${times(n, (i) => `<text><textPath xlink:href="#p" startOffset="${i % 100}%">abcdef</textPath></text>`)}`,
      ),
  ],
  [
    'a path that a rule moves elements along',
    (n) =>
      page(
        `<style>rect{offset-path:path("${curves(900)}");offset-distance:50%}</style>${times(n, () => '<rect width="9" height="9" fill="red"/>')}`,
      ),
  ],
  [
    'dashes of a stated length on a path of a rule',
    (n) =>
      page(
        `<style>path{d:path("${curves(900)}");stroke-dasharray:.1}</style>${times(n, () => '<path pathLength="1" stroke="red"/>')}`,
      ),
  ],
  [
    'wide polylines with round joins',
    (n) =>
      page(
        `<polyline fill="none" stroke="red" stroke-width="900" stroke-linejoin="round" points="${points(n, ' ')}"/>`,
      ),
  ],
]
