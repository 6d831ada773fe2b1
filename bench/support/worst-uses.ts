import { page, png, points, square, times, type WorstKind, whole } from './worst-words.ts'

/** Patterns, markers, pictures, and what is drawn many times. */
export const USE_KINDS: readonly WorstKind[] = [
  [
    'tiny pattern tiles',
    (n) =>
      page(
        `<pattern id="p" width="1" height="1" patternUnits="userSpaceOnUse" patternTransform="scale(.02)"><path d="M0 0h.5v.5"/></pattern>${times(n, () => whole('fill="url(#p)"'))}`,
      ),
  ],
  [
    'patterns in patterns',
    (n) =>
      page(
        `${times(5, (i) => `<pattern id="p${i}" width=".3" height=".3">${times(square(square(n)), () => whole(i ? `fill="url(#p${i - 1})"` : ''))}</pattern>`)}${whole('fill="url(#p4)"')}`,
      ),
  ],
  [
    'large pattern tiles',
    (n) =>
      page(
        `<pattern id="p" width="1" height="1" patternTransform="scale(40)">${whole('')}${whole('fill="red"')}</pattern>${times(n, () => whole('fill="url(#p)"'))}`,
      ),
  ],
  [
    'strokes of patterns',
    (n) =>
      page(
        `<pattern id="p" width=".1" height=".1">${whole('')}</pattern>${times(n, (i) => `<path stroke="url(#p)" stroke-width="9" d="M${i % 99} 0l9 99"/>`)}`,
      ),
  ],
  [
    'markers',
    (n) =>
      page(
        `<marker id="m" markerWidth="9" markerHeight="9">${times(20, () => '<circle r="3"/>')}</marker><path fill="none" marker-mid="url(#m)" d="M${points(n, 'L')}0 0"/>`,
      ),
  ],
  [
    'markers with opacity',
    (n) =>
      page(
        `<marker id="m" overflow="visible"><g opacity=".5">${whole('')}${whole('')}</g></marker><path fill="none" marker-mid="url(#m)" d="M${points(n, 'L')}0 0"/>`,
      ),
  ],
  [
    'switches',
    (n) => page(times(n, () => `<switch><g systemLanguage="xx"/><g>${'<path d="M0 0h9v9"/>'}</g></switch>`)),
  ],
  [
    'use graph of shapes',
    (n) =>
      page(
        `<g id="a">${times(square(n), (i) => `<path d="M${i % 90} 0h9v9"/>`)}</g>${times(square(n), (i) => `<use xlink:href="#a" y="${i % 99}"/>`)}`,
      ),
  ],
  [
    'use graph of circles with opacity',
    (n) =>
      page(
        `<g id="a" opacity=".5">${times(square(n), (i) => `<circle r="${i % 90}"/>`)}</g>${times(square(n), (i) => `<use xlink:href="#a" y="${i % 99}"/>`)}`,
      ),
  ],
  [
    'use graph of symbols',
    (n) =>
      page(
        `<symbol id="a" viewBox="0 0 9 9">${times(square(n), () => '<path d="M0 0h9v9"/>')}</symbol>${times(square(n), (i) => `<use xlink:href="#a" width="${i % 99}" height="99"/>`)}`,
      ),
  ],
  [
    'use graph of text',
    (n) =>
      page(
        `<g id="a">${times(square(n), () => '<text y="9">abc</text>')}</g>${times(square(n), (i) => `<use xlink:href="#a" y="${i % 99}"/>`)}`,
      ),
  ],
  [
    'use graph of a picture',
    (n) =>
      page(
        `<image id="a" xlink:href="${png}" width="100" height="100"/>${times(n, (i) => `<use xlink:href="#a" y="${i % 99}"/>`)}`,
      ),
  ],
  ['pictures', (n) => page(times(n, () => `<image xlink:href="${png}" width="100" height="100"/>`))],
  [
    'rotated pictures',
    (n) =>
      page(
        times(
          n,
          (i) => `<image transform="rotate(${i} 50 50)" opacity=".9" xlink:href="${png}" width="100" height="100"/>`,
        ),
      ),
  ],
  ['rectangles', (n) => page(times(n, (i) => `<rect width="99" height="${i % 99}" rx="9" stroke="red"/>`))],
  [
    'rectangles turned',
    (n) =>
      page(times(n, (i) => `<rect width="99" height="99" transform="rotate(${i})" stroke="red" stroke-width=".1"/>`)),
  ],
  [
    'nested pictures in SVG',
    (n) => page(times(n, () => `<svg width="50" height="50" viewBox="0 0 9 9" overflow="hidden">${whole('')}</svg>`)),
  ],
  [
    'paint order',
    (n) => page(times(n, (i) => `<circle r="${i % 99}" paint-order="stroke markers" stroke="red" stroke-width="20"/>`)),
  ],
]
