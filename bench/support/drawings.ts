/** A kind of drawing, and how often `make` repeats it. */
export type Family = readonly [name: string, count: number, make: (count: number) => string]

const repeat = (count: number, print: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => print(i)).join('')
const small = (i: number, attributes: string) => `<path ${attributes} d="M${i % 90} ${(i * 7) % 90}h9v9"/>`
const large = (i: number, attributes: string) => `<path ${attributes} d="M${i % 9} 0h90v99"/>`
const filter = (primitives: string, region = 'x="0" y="0" width="1" height="1"') =>
  `<filter id="f" ${region}>${primitives}</filter>`

export const FAMILIES: readonly Family[] = [
  ['plain small', 2000, (n) => repeat(n, (i) => small(i, ''))],
  ['plain large', 2000, (n) => repeat(n, (i) => large(i, ''))],
  ['opacity small', 300, (n) => repeat(n, (i) => small(i, 'opacity=".5"'))],
  ['opacity large', 300, (n) => repeat(n, (i) => large(i, 'opacity=".5"'))],
  ['g opacity small', 300, (n) => repeat(n, (i) => `<g opacity=".5">${small(i, '')}${small(i + 1, '')}</g>`)],
  ['g opacity large', 300, (n) => repeat(n, (i) => `<g opacity=".5">${large(i, '')}${large(i + 1, '')}</g>`)],
  ['blend small', 300, (n) => repeat(n, (i) => small(i, 'style="mix-blend-mode:screen"'))],
  ['blend large', 300, (n) => repeat(n, (i) => large(i, 'style="mix-blend-mode:screen"'))],
  [
    'mask small',
    100,
    (n) =>
      `<mask id="m"><rect width="100" height="100" fill="#fff"/></mask>${repeat(n, (i) => small(i, 'mask="url(#m)"'))}`,
  ],
  [
    'mask large',
    100,
    (n) =>
      `<mask id="m"><rect width="100" height="100" fill="#fff"/></mask>${repeat(n, (i) => large(i, 'mask="url(#m)"'))}`,
  ],
  [
    'clip rect small',
    300,
    (n) =>
      `<clipPath id="m"><rect width="90" height="90"/></clipPath>${repeat(n, (i) => small(i, 'clip-path="url(#m)"'))}`,
  ],
  [
    'clip circle large',
    300,
    (n) => `<clipPath id="m"><circle r="90"/></clipPath>${repeat(n, (i) => large(i, 'clip-path="url(#m)"'))}`,
  ],
  [
    'clip 2 large',
    300,
    (n) =>
      `<clipPath id="m"><circle r="90"/><circle r="60" cx="60"/></clipPath>` +
      repeat(n, (i) => large(i, 'clip-path="url(#m)"')),
  ],
  [
    'pattern small',
    200,
    (n) =>
      `<pattern id="m" width=".1" height=".1"><rect width="9" height="9"/></pattern>` +
      repeat(n, (i) => small(i, 'fill="url(#m)"')),
  ],
  [
    'pattern large',
    200,
    (n) =>
      `<pattern id="m" width=".1" height=".1"><rect width="9" height="9"/></pattern>` +
      repeat(n, (i) => large(i, 'fill="url(#m)"')),
  ],
  [
    'grad 2 stops',
    500,
    (n) =>
      `<linearGradient id="m"><stop offset="0"/><stop offset="1" stop-color="red"/></linearGradient>` +
      repeat(n, (i) => small(i, 'fill="url(#m)"')),
  ],
  [
    'grad 200 stops',
    500,
    (n) =>
      `<linearGradient id="m">${repeat(200, (i) => `<stop offset="${i / 200}" stop-color="#${i % 9}00"/>`)}</linearGradient>` +
      repeat(n, (i) => small(i, 'fill="url(#m)"')),
  ],
  ['letters', 5000, (n) => `<text y="50" font-size="5">${repeat(n, (i) => 'abcdefg '[i % 8] ?? '')}</text>`],
  ['texts 5 letters', 1000, (n) => repeat(n, (i) => `<text y="${i % 100}" font-size="5">abcde</text>`)],
  ['tspans', 1000, (n) => `<text y="50" font-size="5">${repeat(n, (i) => `<tspan dy="${i % 2}">ab</tspan>`)}</text>`],
  [
    'tspans rotate',
    1000,
    (n) => `<text y="50" font-size="5">${repeat(n, (i) => `<tspan dy="${i % 2}" rotate="${i}">a</tspan>`)}</text>`,
  ],
  [
    'missing glyphs',
    2000,
    (n) => `<text y="50" font-size="5">${repeat(n, (i) => String.fromCharCode(0x4e00 + i))}</text>`,
  ],
  [
    'bidi',
    2000,
    (n) => `<text y="50" font-size="5">${repeat(n, (i) => '\u202e\u202d\u2067\u2068a'[i % 5] ?? '')}</text>`,
  ],
  [
    'textPath',
    500,
    (n) =>
      `<path id="p" d="M0 0C50 99 50 99 99 0"/><text font-size="5"><textPath href="#p">${repeat(n, (i) => 'abcdefg '[i % 8] ?? '')}</textPath></text>`,
  ],
  [
    'text clip',
    50,
    (n) =>
      `<clipPath id="m"><text y="50" font-size="9">${repeat(200, (i) => 'clip me '[i % 8] ?? '')}</text></clipPath>` +
      repeat(n, (i) => large(i, 'clip-path="url(#m)"')),
  ],
  [
    'blur 1 small',
    100,
    (n) => filter('<feGaussianBlur stdDeviation="1"/>', '') + repeat(n, (i) => small(i, 'filter="url(#f)"')),
  ],
  [
    'blur 1 large',
    50,
    (n) => filter('<feGaussianBlur stdDeviation="1"/>') + repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'blur 30 large',
    50,
    (n) => filter('<feGaussianBlur stdDeviation="30"/>') + repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'shadow large',
    50,
    (n) => filter('<feDropShadow stdDeviation="3"/>') + repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  ['offset large', 50, (n) => filter('<feOffset dx="3"/>') + repeat(n, (i) => large(i, 'filter="url(#f)"'))],
  [
    'matrix large',
    50,
    (n) => filter('<feColorMatrix type="saturate" values=".5"/>') + repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  ['flood large', 50, (n) => filter('<feFlood/>') + repeat(n, (i) => large(i, 'filter="url(#f)"'))],
  [
    'composite arith large',
    50,
    (n) =>
      filter('<feComposite operator="arithmetic" k1="1" k2=".5" in2="SourceGraphic"/>') +
      repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'table 10 large',
    50,
    (n) =>
      filter(
        `<feComponentTransfer><feFuncR type="table" tableValues="${repeat(10, (i) => `${i % 2} `)}"/></feComponentTransfer>`,
      ) + repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'table 10000 large',
    10,
    (n) =>
      filter(
        `<feComponentTransfer><feFuncR type="table" tableValues="${repeat(10000, (i) => `${i % 2} `)}"/></feComponentTransfer>`,
      ) + repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'morph r1 large',
    10,
    (n) => filter('<feMorphology operator="dilate" radius="1"/>') + repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'morph r9 large',
    1,
    (n) => filter('<feMorphology operator="dilate" radius="9"/>') + repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'morph r9 small',
    10,
    (n) => filter('<feMorphology operator="dilate" radius="9"/>') + repeat(n, (i) => small(i, 'filter="url(#f)"')),
  ],
  [
    'turbulence 1',
    10,
    (n) => filter('<feTurbulence baseFrequency=".1"/>') + repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'turbulence 5',
    10,
    (n) => filter('<feTurbulence baseFrequency=".1" numOctaves="5"/>') + repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'diffuse',
    10,
    (n) =>
      filter('<feDiffuseLighting><fePointLight x="1" y="1" z="9"/></feDiffuseLighting>') +
      repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'specular',
    10,
    (n) =>
      filter('<feSpecularLighting specularExponent="20"><fePointLight x="1" y="1" z="9"/></feSpecularLighting>') +
      repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'displace',
    10,
    (n) =>
      filter('<feDisplacementMap in2="SourceGraphic" scale="9"/>') + repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'convolve 3',
    10,
    (n) =>
      filter(`<feConvolveMatrix order="3" kernelMatrix="${repeat(9, () => '1 ')}"/>`) +
      repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'convolve 10',
    5,
    (n) =>
      filter(`<feConvolveMatrix order="10" kernelMatrix="${repeat(100, () => '1 ')}"/>`) +
      repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  [
    'feImage',
    30,
    (n) =>
      `<g id="e">${repeat(10, (i) => small(i, ''))}</g>` +
      filter('<feImage href="#e"/>') +
      repeat(n, (i) => large(i, 'filter="url(#f)"')),
  ],
  ['tile', 30, (n) => filter('<feTile/>') + repeat(n, (i) => large(i, 'filter="url(#f)"'))],
  [
    'polyline of 1,000 points',
    1,
    (_n) => `<polyline points="${repeat(1000, (i) => `${(i * 37) % 101},${(i * 53) % 97} `)}"/>`,
  ],
  [
    'polyline of 4,000 points',
    1,
    (_n) => `<polyline points="${repeat(4000, (i) => `${(i * 37) % 101},${(i * 53) % 97} `)}"/>`,
  ],
  [
    'path 4000 x use 100',
    100,
    (n) =>
      `<path id="p" d="M0 0${repeat(4000, (i) => `l${((i * 7) % 19) - 9} ${((i * 5) % 17) - 8}`)}"/>` +
      repeat(n, (i) => `<use href="#p" x="${i}"/>`),
  ],
  [
    'stroke 4000 crossing',
    1,
    (_n) => `<path fill="none" stroke="red" d="M${repeat(4000, (i) => `${(i * 37) % 101},${(i * 53) % 97} `)}"/>`,
  ],
]
