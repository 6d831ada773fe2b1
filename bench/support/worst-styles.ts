import { page, square, times, type WorstKind } from './worst-words.ts'

const RED = '<rect width="50" height="50" fill="red"/>'
const styled = (css: string, body: string) => page(`<style>${css}</style>${RED}${body}`)
const paths = (count: number) => times(count, (i) => `<path class="a b${i % 50}"/>`)

/** Style sheets: their cost is that of reading. */
export const CSS_KINDS: readonly WorstKind[] = [
  [
    'selectors ~',
    (n) =>
      styled(
        times(square(n), (i) => `path~.b${i}{fill:red}`),
        paths(square(n)),
      ),
  ],
  [
    'selectors +',
    (n) =>
      styled(
        times(square(n), (i) => `path+path+path+.b${i % 50}{fill:red}`),
        paths(square(n)),
      ),
  ],
  [
    'selectors :nth-child(of)',
    (n) =>
      styled(
        times(square(n), (i) => `:nth-child(${i}n+1 of .a){fill:red}`),
        paths(square(n)),
      ),
  ],
  [
    'selectors :nth-last-of-type',
    (n) =>
      styled(
        times(square(n), (i) => `:nth-last-of-type(${i}n){fill:red}`),
        paths(square(n)),
      ),
  ],
  [
    'selectors :not(:is())',
    (n) =>
      styled(
        times(square(n), (i) => `:not(:is(.b${i},g>.a,:where(svg .c))){fill:red}`),
        paths(square(n)),
      ),
  ],
  [
    'selectors :has()',
    (n) =>
      styled(
        times(square(n), (i) => `:has(~.b${i}){fill:red}`),
        paths(square(n)),
      ),
  ],
  [
    'selectors of attributes',
    (n) =>
      styled(
        times(square(n), (i) => `[class*="a" i][class$="b${i}"]{fill:red}`),
        paths(square(n)),
      ),
  ],
  [
    'long selectors of descendants',
    (n) =>
      styled(
        times(square(n), () => `${'* '.repeat(100)}.a{fill:red}`),
        `${'<g>'.repeat(100)}${paths(square(n))}${'</g>'.repeat(100)}`,
      ),
  ],
  [
    'rules x declarations',
    (n) =>
      styled(
        times(square(n), () => `.a{${times(40, (i) => `fill:#${100 + i};`)}}`),
        paths(square(n)),
      ),
  ],
  ['rules that all apply', (n) => styled('path{fill:red;stroke:blue}'.repeat(square(n)), paths(square(n)))],
  [
    'custom properties',
    (n) =>
      styled(
        `svg{${times(square(n), (i) => `--v${i}:${i}px;`)}}`,
        times(square(n), (i) => `<path style="stroke-width:var(--v${i})"/>`),
      ),
  ],
  [
    'custom properties of each element',
    (n) =>
      styled(
        '',
        times(n, (i) => `<g style="--v${i}:red;fill:var(--v${i - 1})"><path/></g>`),
      ),
  ],
  [
    'nested rules',
    (n) =>
      styled(
        times(n, (i) => `.a{.b{.c${i}{fill:red}}}`),
        paths(9),
      ),
  ],
  [
    'media queries',
    (n) =>
      styled(
        times(n, (i) => `@media (min-width:${i}px) and (max-width:9999px){.a{fill:red}}`),
        paths(9),
      ),
  ],
  [
    'keyframes',
    (n) => styled(`.a{animation:k 1s}${times(n, (i) => `@keyframes k${i}{from{fill:red}to{fill:blue}}`)}`, paths(99)),
  ],
  [
    'gradients of CSS',
    (n) =>
      styled(
        '',
        times(
          n,
          () => '<path style="fill:rgb(calc(1 + 2*3) 4 5 / calc(1% * 50));transform:translate(calc(1px + 2em))"/>',
        ),
      ),
  ],
  ['font families', (n) => styled('', `<text font-family="${times(n, (i) => `f${i}, `)}serif" y="50">abc</text>`)],
  ['style sheets', (n) => page(RED + times(n, () => '<style>.a{fill:red}</style>'))],
]
