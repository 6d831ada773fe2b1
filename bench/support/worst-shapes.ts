import { page, points, square, stops, times, type WorstKind, whole } from './worst-words.ts'

/** Gradients, text, layers and outlines: their cost is the engines'. */
export const SHAPE_KINDS: readonly WorstKind[] = [
  [
    'stops x strokes of radial gradients',
    (n) =>
      page(
        `<radialGradient id="g" fx=".9">${stops(square(n))}</radialGradient>${times(square(n), (i) => `<path fill="none" stroke="url(#g)" stroke-width="9" d="M${i % 99} 0l9 99"/>`)}`,
      ),
  ],
  [
    'gradients that inherit stops',
    (n) =>
      page(
        `<linearGradient id="g">${stops(200)}</linearGradient>${times(n, (i) => `<linearGradient id="h${i}" href="#g" x1="${i % 9}"/><path fill="url(#h${i})" d="M${i % 90} 0h9v99"/>`)}`,
      ),
  ],
  [
    'stops x letters',
    (n) =>
      page(
        `<linearGradient id="g">${stops(square(n))}</linearGradient><text y="50" font-size="9" fill="url(#g)" stroke="url(#g)">${'abc def '.repeat(square(n) / 8 + 1)}</text>`,
      ),
  ],
  ['one text of Latin letters', (n) => page(`<text y="50" font-size="9">${'lorem ipsum '.repeat(n / 12 + 1)}</text>`)],
  [
    'texts of large stroked letters',
    (n) =>
      page(
        times(
          n,
          (i) => `<text y="${i % 99}" font-size="90" fill="none" stroke="red" stroke-dasharray="3">&amp;g8</text>`,
        ),
      ),
  ],
  ['emoji', (n) => page(`<text y="50" font-size="9">${'\u{1f600}\u{1f469}\u200d\u{1f680}'.repeat(n / 7 + 1)}</text>`)],
  [
    'letters with marks',
    (n) => page(`<text y="50" font-size="9">${`a${'\u0300\u0328\u0335'.repeat(8)}`.repeat(n / 25 + 1)}</text>`),
  ],
  [
    'letters of many scripts',
    (n) =>
      page(`<text y="50" font-size="9">${times(n, (i) => String.fromCodePoint(0x400 + ((i * 61) % 0x2800)))}</text>`),
  ],
  [
    'letters on a path',
    (n) =>
      page(
        `<path id="p" d="M0 0${times(50, (i) => `Q${i * 2} 99 ${i * 2 + 2} ${i % 2}`)}"/><text font-size="2"><textPath xlink:href="#p">${'lorem ipsum '.repeat(n / 12 + 1)}</textPath></text>`,
      ),
  ],
  [
    'texts on a long path',
    (n) =>
      page(
        `<path id="p" d="M${points(2000, 'L')}0 0"/>${times(n, () => '<text font-size="3"><textPath xlink:href="#p">abc</textPath></text>')}`,
      ),
  ],
  [
    'letters with a position each',
    (n) =>
      page(
        `<text font-size="9" y="50" x="${times(n, (i) => `${i % 99} `)}" rotate="${times(n, (i) => `${i % 360} `)}">${'a'.repeat(n)}</text>`,
      ),
  ],
  [
    'decorated text',
    (n) =>
      page(
        times(
          n,
          () => '<text y="50" letter-spacing="1" text-decoration="underline overline line-through">ab cd</text>',
        ),
      ),
  ],
  [
    'text in a pattern',
    (n) =>
      page(
        `<pattern id="p" width=".2" height=".2"><text y="9" font-size="9">${'abc '.repeat(square(n))}</text></pattern>${times(square(n), () => whole('fill="url(#p)"'))}`,
      ),
  ],
  [
    'text in a mask',
    (n) =>
      page(
        `<mask id="m"><text y="50" font-size="9" fill="#fff">${'abc '.repeat(square(n))}</text></mask>${times(square(n), () => whole('mask="url(#m)"'))}`,
      ),
  ],
  [
    'vertical text',
    (n) => page(`<text writing-mode="tb" x="50" font-size="9">${'lorem ipsum '.repeat(n / 12 + 1)}</text>`),
  ],
  [
    'masks side by side',
    (n) => page(`<mask id="m">${whole('fill="#fff"')}</mask>${times(n, () => whole('mask="url(#m)"'))}`),
  ],
  [
    'small masks of large regions',
    (n) =>
      page(
        `<mask id="m" x="-99" y="-99" width="200" height="200">${whole('fill="#fff"')}</mask>${times(n, (i) => `<path d="M${i % 99} 0h1v1" mask="url(#m)"/>`)}`,
      ),
  ],
  [
    'masks in masks',
    (n) =>
      page(
        `${times(8, (i) => `<mask id="m${i}">${times(square(square(n)), () => whole(`fill="#fff"${i ? ` mask="url(#m${i - 1})"` : ''}`))}</mask>`)}${whole('mask="url(#m7)"')}`,
      ),
  ],
  [
    'clips side by side',
    (n) =>
      page(
        `<clipPath id="c"><circle r="90"/><circle cx="50" r="60"/></clipPath>${times(n, () => `<g clip-path="url(#c)">${whole('')}</g>`)}`,
      ),
  ],
  [
    'clips of text',
    (n) =>
      page(
        `<clipPath id="c"><text y="50" font-size="9">${'clip '.repeat(20)}</text></clipPath>${times(n, () => whole('clip-path="url(#c)"'))}`,
      ),
  ],
  [
    'clips in clips',
    (n) =>
      page(
        `${times(30, (i) => `<clipPath id="c${i}"${i ? ` clip-path="url(#c${i - 1})"` : ''}><circle r="${90 - i}"/><circle r="9"/></clipPath>`)}${times(n, () => whole('clip-path="url(#c29)"'))}`,
      ),
  ],
  [
    'blends side by side',
    (n) =>
      page(
        times(
          n,
          (i) =>
            `<g style="mix-blend-mode:${['screen', 'color-dodge', 'hue', 'luminosity'][i % 4]}">${whole('fill="red"')}</g>`,
        ),
      ),
  ],
  [
    'opacity in opacity, side by side',
    (n) => page(times(n, () => `${'<g opacity=".9">'.repeat(20)}${whole('')}${whole('')}${'</g>'.repeat(20)}`)),
  ],
  ['isolated groups', (n) => page(times(n, () => `<g style="isolation:isolate">${whole('')}</g>`))],
  ['crossing polyline', (n) => page(`<polyline fill-rule="evenodd" points="${points(n, ' ')}"/>`)],
  [
    'crossing polylines of 400 points',
    (n) => page(times(n, (i) => `<polygon points="${points(400 + (i % 3), ' ')}"/>`)),
  ],
  [
    'crossing curves',
    (n) =>
      page(
        `<path d="M0 0${times(n, (i) => `Q${(i * 37) % 101} ${(i * 53) % 97} ${(i * 71) % 99} ${(i * 13) % 97}`)}"/>`,
      ),
  ],
  [
    'crossing stroke',
    (n) =>
      page(
        `<path fill="none" stroke="red" stroke-width="5" stroke-linejoin="round" stroke-linecap="round" d="M${points(n, 'L')}0 0"/>`,
      ),
  ],
  [
    'crossing dashed stroke',
    (n) =>
      page(`<path fill="none" stroke="red" stroke-dasharray="1 1" stroke-linecap="round" d="M${points(n, 'L')}0 0"/>`),
  ],
  [
    'arcs',
    (n) =>
      page(
        `<path fill="none" stroke="red" d="M0 0${times(n, (i) => `A${(i % 90) + 10} 50 9 1 ${i % 2} ${(i * 37) % 101} ${(i * 53) % 97}`)}"/>`,
      ),
  ],
  [
    'crossing clip path',
    (n) =>
      page(
        `<clipPath id="c"><path d="M${points(n, 'L')}0 0"/></clipPath>${times(9, () => whole('clip-path="url(#c)"'))}`,
      ),
  ],
  [
    'crossing line in a pattern',
    (n) =>
      page(
        `<pattern id="p" width=".5" height=".5"><path d="M${points(n, 'L')}0 0"/></pattern>${times(9, () => whole('fill="url(#p)"'))}`,
      ),
  ],
  ['short paths of close lines', (n) => page(times(n, (i) => `<path d="M${i % 9} 0${'l90 3-90 3'.repeat(150)}"/>`))],
  [
    'wide strokes of circles',
    (n) => page(times(n, (i) => `<circle r="${i % 99}" cx="50" cy="50" fill="none" stroke="red" stroke-width="30"/>`)),
  ],
  [
    'huge coordinates',
    (n) => page(times(n, (i) => `<circle r="1e${i % 9}" cx="-1e${i % 8}" fill="none" stroke="red"/>`)),
  ],
]
