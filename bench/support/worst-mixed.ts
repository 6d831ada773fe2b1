import { page, png, points, square, stops, times, type WorstKind, whole } from './worst-words.ts'

const RED = '<rect width="50" height="50" fill="red"/>'

/** Kinds that combine what other lists have alone. */
export const MIXED_KINDS: readonly WorstKind[] = [
  [
    'mixed: large fills of linear gradients',
    (n) => page(`<linearGradient id="g">${stops(9)}</linearGradient>${times(n, () => whole('fill="url(#g)"'))}`),
  ],
  [
    'mixed: large fills of radial gradients',
    (n) =>
      page(
        `<radialGradient id="g" r=".1" spreadMethod="repeat">${stops(9)}</radialGradient>${times(n, () => whole('fill="url(#g)"'))}`,
      ),
  ],
  [
    'mixed: uses filled by gradients',
    (n) =>
      page(
        `<radialGradient id="g">${stops(9)}</radialGradient><g id="a">${times(square(n), (i) => `<path d="M${i % 90} 0h9v99"/>`)}</g>${times(square(n), () => '<use fill="url(#g)" href="#a"/>')}`,
      ),
  ],
  [
    'mixed: uses in patterns in patterns',
    (n) =>
      page(
        `${times(6, (i) => `<pattern id="p${i}" width=".3" height=".3"><g id="g${i}">${times(square(square(n)), () => (i ? `<use href="#g${i - 1}" fill="url(#p${i - 1})"/>` : whole('')))}</g></pattern>`)}${whole('fill="url(#p5)"')}`,
      ),
  ],
  [
    'mixed: tiles of a pixel',
    (n) =>
      page(
        `<filter id="f" x="0" y="0" width="1" height="1"><feFlood x="0" y="0" width=".2" height=".2" flood-color="red"/><feTile/><feTile/><feTile/></filter>${times(n, () => whole('filter="url(#f)"'))}`,
      ),
  ],
  [
    'mixed: turbulence of many octaves',
    (n) =>
      page(
        `<filter id="f"><feTurbulence baseFrequency="${n}" numOctaves="${n}"/><feTurbulence baseFrequency="1e-9" numOctaves="99"/></filter>${times(square(n), () => whole('filter="url(#f)"'))}`,
      ),
  ],
  [
    'mixed: convolution of one row',
    (n) =>
      page(
        `<filter id="f"><feConvolveMatrix order="${Math.min(n, 5000)} 1" kernelMatrix="${'1 '.repeat(Math.min(n, 5000))}" edgeMode="wrap"/></filter>${whole('filter="url(#f)"')}`,
      ),
  ],
  [
    'mixed: markers of text',
    (n) =>
      page(
        `<marker id="m" overflow="visible"><text>abc</text></marker><polyline fill="none" marker-mid="url(#m)" points="${points(n, ' ')}"/>`,
      ),
  ],
  [
    'mixed: long texts on long paths',
    (n) =>
      page(
        `<path id="p" d="M${points(square(n) * 4, 'L')}0 0"/><text font-size="1"><textPath href="#p">${'a '.repeat(square(n) * 2)}</textPath></text>`,
      ),
  ],
  [
    'mixed: clips in clips of text, side by side',
    (n) =>
      page(
        `<clipPath id="a"><text y="50">ab</text></clipPath><clipPath id="b" clip-path="url(#a)"><text y="50" clip-path="url(#a)">cd</text></clipPath>${times(n, () => whole('clip-path="url(#b)"'))}`,
      ),
  ],
  [
    'mixed: masks in masks in patterns',
    (n) =>
      page(
        `<mask id="a">${whole('fill="#fff"')}</mask><mask id="b">${whole('fill="#fff" mask="url(#a)"')}</mask><pattern id="p" width=".5" height=".5">${whole('mask="url(#b)"')}</pattern>${times(n, () => whole('fill="url(#p)"'))}`,
      ),
  ],
  [
    'mixed: stops x uses',
    (n) =>
      page(
        `<linearGradient id="g">${stops(square(n))}</linearGradient><g id="a">${whole('fill="url(#g)"')}</g>${times(square(n), (i) => `<use href="#a" x="${i % 99}"/>`)}`,
      ),
  ],
  [
    'mixed: gradients that repeat within a pixel',
    (n) =>
      page(
        `<radialGradient id="g" r="1e-6" fx=".49" spreadMethod="reflect">${stops(20)}</radialGradient>${times(n, (i) => whole(`transform="rotate(${i})" fill="url(#g)"`))}`,
      ),
  ],
  [
    'mixed: boxes of groups in groups',
    (n) =>
      page(
        `${'<g style="transform-box:fill-box;transform-origin:center;rotate:1deg">'.repeat(100)}${times(n, (i) => `<path d="M${i % 9} 0C9 9 8 8 7 7"/>`)}${'</g>'.repeat(100)}`,
      ),
  ],
  [
    'mixed: boxes of uses of uses',
    (n) =>
      page(
        `${times(12, (i) => `<g id="u${i}">${i ? `<use href="#u${i - 1}"/><use href="#u${i - 1}" style="transform-box:fill-box;transform-origin:50% 50%;scale:.9"/>` : times(square(n), () => '<path d="M0 0C9 9 8 8 7 7"/>')}</g>`)}`,
      ),
  ],
  [
    'mixed: em in em',
    (n) =>
      page(
        times(
          n,
          () =>
            `<text y="9">${'<tspan font-size="1.2em" dy=".1em" baseline-shift="super">'.repeat(30)}a${'</tspan>'.repeat(30)}</text>`,
        ),
      ),
  ],
  [
    'mixed: lengths of texts',
    (n) =>
      page(
        times(
          n,
          (i) =>
            `<text y="${i % 99}" textLength="90" lengthAdjust="spacingAndGlyphs" font-size="5">lorem ipsum dolor</text>`,
        ),
      ),
  ],
  [
    'mixed: slices in slices',
    (n) =>
      page(
        times(
          n,
          () =>
            `${'<svg viewBox="0 0 9 5" width="50%" height="99%" preserveAspectRatio="xMinYMax slice">'.repeat(30)}${RED}${'</svg>'.repeat(30)}`,
        ),
      ),
  ],
  [
    'mixed: wide mitred strokes',
    (n) =>
      page(
        times(
          n,
          (i) =>
            `<path fill="none" stroke="red" stroke-width="1e4" stroke-miterlimit="1e9" d="M0 0L${i % 99} 1 0 .1 99 2"/>`,
        ),
      ),
  ],
  [
    'mixed: shadows of groups of shadows',
    (n) =>
      page(
        times(
          n,
          () =>
            `<g style="filter:drop-shadow(1px 1px 9px red)"><g style="filter:drop-shadow(1px 1px 9px red)">${RED}</g></g>`,
        ),
      ),
  ],
  [
    'mixed: pictures in patterns',
    (n) =>
      page(
        `<pattern id="p" width=".01" height=".01"><image href="${png}" width="100" height="100"/></pattern>${times(n, () => whole('fill="url(#p)" stroke="url(#p)" stroke-width="9"'))}`,
      ),
  ],
  [
    'mixed: images of filters of text',
    (n) =>
      page(
        `<filter id="f"><feImage href="#t"/></filter><text id="t" y="50">${'abc '.repeat(square(n))}</text>${times(square(n), () => whole('filter="url(#f)"'))}`,
      ),
  ],
  [
    'mixed: light from many lamps',
    (n) =>
      page(
        `<filter id="f">${times(Math.min(n, 90), (i) => `<feDiffuseLighting surfaceScale="99" kernelUnitLength="${i / 9}"><fePointLight x="${i}" z="9"/></feDiffuseLighting>`)}</filter>${whole('filter="url(#f)"')}`,
      ),
  ],
  [
    'mixed: HTML lists in boxes that bend',
    (n) =>
      page(
        `<foreignObject width="99" height="99"><div xmlns="http://www.w3.org/1999/xhtml">${times(n, () => '<ul style="display:flex;flex-wrap:wrap"><li style="flex:1"><ol><li>a</li></ol></li></ul>')}</div></foreignObject>`,
      ),
  ],
]
