import { page, times, type WorstKind } from './worst-words.ts'

const RED = '<rect width="50" height="50" fill="red"/>'

/** Deep trees, and long values of every attribute: their cost is that of reading. */
const TREES: readonly WorstKind[] = [
  [
    'nested groups with transforms',
    (n) => page(times(n, () => `${'<g transform="rotate(1)scale(1.01)">'.repeat(200)}${RED}${'</g>'.repeat(200)}`)),
  ],
  [
    'nested links in text',
    (n) => page(times(n, () => `<text y="9">${'<a><tspan>'.repeat(60)}a${'</tspan></a>'.repeat(60)}</text>`)),
  ],
  ['attributes', (n) => page(RED + times(n, (i) => `<g a${i}="" b="" c="" data-d="" fill="red" stroke="blue"/>`))],
  [
    'animations',
    (n) => page(RED + times(n, (i) => `<path><animate attributeName="d" values="M0 0;M${i} 9" dur="1s"/></path>`)),
  ],
  [
    'animations of one element',
    (n) =>
      page(
        `<g>${RED}${times(n, () => '<animateTransform attributeName="transform" type="rotate" values="0;90" additive="sum" dur="1s"/>')}</g>`,
      ),
  ],
  ['ids and uses of each', (n) => page(RED + times(n, (i) => `<g id="a${i}"><path/></g><use href="#a${i}"/>`))],
  [
    'chains of use',
    (n) =>
      page(
        times(
          n,
          (i) =>
            `<g id="c${i}">${RED}</g>${times(60, (k) => `<g id="d${i}-${k}"><use href="#${k ? `d${i}-${k - 1}` : `c${i}`}"/></g>`)}`,
        ),
      ),
  ],
  [
    'HTML',
    (n) =>
      page(
        `<foreignObject width="99" height="99"><div xmlns="http://www.w3.org/1999/xhtml">${'<div style="display:flex"><p>ab <b>cd</b></p></div>'.repeat(n)}</div></foreignObject>`,
      ),
  ],
  [
    'tables of HTML',
    (n) =>
      page(
        `<foreignObject width="99" height="99"><table xmlns="http://www.w3.org/1999/xhtml">${`<tr>${'<td>a</td>'.repeat(20)}</tr>`.repeat(n)}</table></foreignObject>`,
      ),
  ],
  [
    'entities',
    (n) =>
      `<!DOCTYPE svg [${times(Math.min(n, 4000), (i) => `<!ENTITY e${i} "<g/>">`)}]>${page(RED + times(n, (i) => `&e${i % 4000};`))}`,
  ],
  ['comments', (n) => page(RED + '<!-- - -> -->'.repeat(n))],
  ['CDATA', (n) => page(`<text y="9">${'<![CDATA[a]]>'.repeat(n)}</text>`)],
  ['instructions', (n) => page(RED + '<?a b?>'.repeat(n))],
  ['namespaces', (n) => page(RED + times(n, (i) => `<q${i}:g xmlns:q${i}="urn:${i}"/>`))],
  [
    'viewports',
    (n) =>
      page(
        times(
          n,
          (i) =>
            `<svg viewBox="0 0 ${i + 1} 9" width="50%" height="5em" preserveAspectRatio="xMaxYMid slice">${RED}</svg>`,
        ),
      ),
  ],
  [
    'context paints',
    (n) =>
      page(
        `<marker id="m"><path fill="context-stroke" d="M0 0h9v9"/></marker>${times(n, () => '<path stroke="red" marker-start="url(#m)" d="M9 9h9"/>')}`,
      ),
  ],
]

/** Repeated in one value: what a backtracking expression would read again and again. */
const REPEATED = [
  ' ',
  '0',
  '1 ',
  ',',
  ';',
  '-',
  '(',
  ')',
  'a',
  'a:',
  ' !',
  '/*',
  '*/',
  '\\',
  '%',
  'e',
  '.',
  "'",
  '#',
  'url(',
  'M0',
  'calc(',
  '&#32;',
  ':b',
  'a ',
  '1e',
  'rgb(',
  'var(--',
  '\t\n',
  ' ,',
] as const

const ATTRIBUTES =
  'd points transform style class viewBox x width rx r href fill stroke stroke-width stroke-dasharray opacity filter mask clip-path marker-mid font-family font-size font font-weight letter-spacing text-decoration preserveAspectRatio gradientTransform values tableValues kernelMatrix radius stdDeviation baseFrequency offset stop-color id systemLanguage transform-origin mix-blend-mode rotate dx textLength pathLength paint-order color xml:space begin keyTimes dur'.split(
    ' ',
  )

const HOLDER: Readonly<Record<string, string>> = {
  d: 'path',
  points: 'polygon',
  viewBox: 'svg',
  gradientTransform: 'linearGradient',
  offset: 'stop',
  'stop-color': 'stop',
  rotate: 'text',
  dx: 'text',
  textLength: 'text',
  values: 'animate',
  begin: 'animate',
  keyTimes: 'animate',
  dur: 'animate',
  href: 'image',
}

/** Each attribute with one long value of each kind: they are read in linear time, or refused. */
const VALUES: readonly WorstKind[] = REPEATED.map(
  (part): WorstKind => [
    `attributes of ${JSON.stringify(part)}`,
    (n) =>
      page(
        RED +
          ATTRIBUTES.map(
            (name) =>
              `<${HOLDER[name] ?? 'path'} ${name}="${`1${part.repeat(n / part.length)}x`.replaceAll(/&(?!#)|</g, '')}"/>`,
          ).join(''),
      ),
  ],
)

/** The same in a style sheet, a declaration and a doctype. */
const SHEETS: readonly WorstKind[] = REPEATED.filter((part) => part !== '&#32;').map(
  (part): WorstKind => [
    `style sheet and doctype of ${JSON.stringify(part)}`,
    (n) => {
      const text = part.repeat(n / part.length)
      return `<!DOCTYPE svg PUBLIC "${text.slice(0, 200_000).replaceAll(/["']/g, '')}" [<!ENTITY a ${' '.repeat(20_000)}"x">]>${page(`<style>.a${text}{fill:red} b{fill:${text}</style>${RED}<text>${text}</text>`)}`
    },
  ],
)

export const READ_KINDS: readonly WorstKind[] = [...TREES, ...VALUES, ...SHEETS]
