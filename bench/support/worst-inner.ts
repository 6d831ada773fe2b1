import { gzipSync } from 'node:zlib'
import { page, points, square, times, type WorstKind, whole } from './worst-words.ts'

const RED = '<rect width="50" height="50" fill="red"/>'
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')
const inData = (text: string) => `data:image/svg+xml;base64,${base64(text)}`

/** Kinds whose cost is mostly that of reading: styles, data URLs, animations and lists. */
export const INNER_KINDS: readonly WorstKind[] = [
  [
    'mixed: selectors :has(:nth-child(of))',
    (n) =>
      page(
        `<style>${times(square(n), (i) => `g:has(:nth-child(${i + 1} of .a:not(:last-child)))>path{fill:red}`)}</style>${times(square(n), (i) => `<g>${`<path class="a b${i}"/>`.repeat(3)}</g>`)}${RED}`,
      ),
  ],
  [
    'mixed: custom properties that double at each level',
    (n) =>
      page(
        `${times(Math.min(n, 200), (i) => `<g style="--a${i}:var(--a${i - 1},x)var(--a${i - 1},x)">`)}${RED}${'</g>'.repeat(Math.min(n, 200))}`,
      ),
  ],
  [
    'mixed: font faces',
    (n) =>
      page(
        `<style>${times(Math.min(n, 60), (i) => `@font-face{font-family:f${i};src:url(data:font/ttf;base64,${'AAEAAAAKAIAAAwAg'.repeat(n)})}`)}</style><text y="50" font-family="f1">abc</text>${RED}`,
      ),
  ],
  [
    'mixed: SVG in SVG in SVG',
    (n) =>
      page(
        times(
          n,
          () =>
            `<image width="50" height="50" href="${inData(page(`<image width="50" height="50" href="${inData(page(RED))}"/>`))}"/>`,
        ),
      ),
  ],
  [
    'mixed: one SVG in SVG, deep',
    (n) => {
      let document = page(RED)
      for (let depth = 0; depth < Math.min(n, 12); depth++)
        document = page(`${RED}<image width="50" height="50" href="${inData(document)}"/>`)
      return document
    },
  ],
  [
    'mixed: compressed SVG in data',
    (n) =>
      page(
        times(
          n,
          (i) =>
            `<image width="9" height="9" href="data:image/svg+xml;base64,${base64(gzipSync(page(`${RED}<!--${' '.repeat(99_999)}${i % 9}-->`)))}"/>`,
        ),
      ),
  ],
  [
    'mixed: base64 that is no picture',
    (n) => page(`${RED}<image width="9" height="9" href="data:image/png;base64,iVBORw0KGgo${'A'.repeat(n)}"/>`),
  ],
  [
    'mixed: percent signs in data',
    (n) => page(`${RED}<image width="9" height="9" href="data:image/svg+xml,${'%3C'.repeat(n)}"/>`),
  ],
  [
    'mixed: animations of many values',
    (n) =>
      page(
        `<path d="M0 0h9v9"><animate attributeName="d" dur="1s" calcMode="spline" keyTimes="${times(n, (i) => `${i / n};`)}" keySplines="${'0 0 1 1;'.repeat(n)}" values="${'M0 0h9v9;'.repeat(n)}"/></path>`,
      ),
  ],
  [
    'mixed: motion along long paths',
    (n) => page(`<path d="M0 0h9v9"><animateMotion dur="1s" path="M${points(n, 'L')}0 0" rotate="auto"/></path>`),
  ],
  [
    'mixed: keyframes of one animation',
    (n) =>
      page(
        `<style>@keyframes k{${times(n, (i) => `${i / n}%{fill:red}`)}}path{animation:k 1s}</style><path d="M0 0h9v9"/>`,
      ),
  ],
  [
    'mixed: lists of languages',
    (n) =>
      page(`<switch>${times(square(n), () => `<path systemLanguage="${'xx,'.repeat(square(n))}de"/>`)}${RED}</switch>`),
  ],
  [
    'mixed: switches in switches',
    (n) => page(times(n, () => `${'<switch>'.repeat(50)}${RED}${'</switch>'.repeat(50)}`)),
  ],
  [
    'mixed: paths in declarations',
    (n) => page(`<style>path{d:path("M0 0${'h1v1'.repeat(square(n))}")}</style>${'<path/>'.repeat(square(n))}`),
  ],
  [
    'mixed: polygons that clip',
    (n) =>
      page(
        times(square(n), () =>
          whole(`style="clip-path:polygon(${times(square(n), (i) => `${i % 99}% ${(i * 7) % 99}%,`)}0 0)"`),
        ),
      ),
  ],
  [
    'mixed: lists of transforms',
    (n) => page(times(square(n), () => whole(`transform="${'rotate(1 2 3)'.repeat(square(n))}"`))),
  ],
]
