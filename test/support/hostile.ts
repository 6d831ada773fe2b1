import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { ErrorCode } from '../../src/core/errors.ts'

/** A render's possible result; BLANK is among the codes. */
export type Outcome = ErrorCode | 'RENDERED'

/** A class of threats to the renderer. */
export interface Hostile {
  readonly name: string
  readonly svg: () => Uint8Array
  /** The code that normalise() throws, null if it accepts the document, defused or not. */
  readonly refused: ErrorCode | null
  /** All codes that a render of it may end with. */
  readonly expected: readonly Outcome[]
}

const FIXTURES = path.join(import.meta.dirname, '..', 'fixtures', 'hostile')
const SIZED = 'width="100" height="100"'
const RED = '<rect width="50" height="50" fill="red"/>'

const svg = (body: string, attributes = SIZED) =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${body}</svg>`,
  )
const many = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => part(i)).join('')
const nested = (count: number, tag: string, attributes: string) =>
  `<${tag} ${attributes}>`.repeat(count) + RED + `</${tag}>`.repeat(count)
const filtered = (primitives: string, attributes = '') =>
  svg(`<filter id="f" ${attributes}>${primitives}</filter><rect width="50" height="50" fill="red" filter="url(#f)"/>`)
const drawing = (href: string) => svg(`${RED}<image xlink:href="${href}" width="100" height="100"/>`)
const png = (width: number, height: number) => {
  const bytes = Buffer.alloc(45)
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes)
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  bytes.set([8, 6, 0, 0, 0], 24)
  return bytes.toString('base64')
}

const crossing = (attributes: string) =>
  `<path ${attributes} d="M0 0${many(190, (i) => `L${(i * 37) % 101} ${(i * 53) % 97}`)}"/>`

/** In user units, a thousandth of the picture. */
const TINY = 'width=".1" height=".1" fill="red"'
const TINY_REGION = 'filterUnits="userSpaceOnUse" x="0" y="0" width=".1" height=".1"'

const PICTURE = `data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAHklEQVR4nGM4wRAFRwwn5KLgiOGETRQcMZyIioIjAAkaFPHDxK11AAAAAElFTkSuQmCC`

/** Accepted, with the dangerous part removed. */
const drawn = (name: string, make: () => Uint8Array): Hostile => ({
  name,
  svg: make,
  refused: null,
  expected: ['RENDERED'],
})
/** Accepted, but shows nothing, or nothing that both engines agree on. */
const blank = (name: string, make: () => Uint8Array): Hostile => ({
  name,
  svg: make,
  refused: null,
  expected: ['RENDERED', 'BLANK'],
})
const refused = (code: ErrorCode, name: string, make: () => Uint8Array): Hostile => ({
  name,
  svg: make,
  refused: code,
  expected: [code],
})
/** Accepted, because no rule distinguishes it from legitimate art: process isolation contains it. */
const isolated = (name: string, make: () => Uint8Array): Hostile => ({
  name,
  svg: make,
  refused: null,
  expected: ['RENDERED', 'BLANK', 'CRASHED', 'TIMEOUT', 'OUT_OF_MEMORY', 'TOO_COMPLEX'],
})
const fixture = (name: string) => () => readFileSync(path.join(FIXTURES, name))

/** Ten references on each of ten levels: 10^10 elements drawn. */
const usedTenfold = () =>
  svg(
    `<defs><g id="u0">${RED}</g>${many(10, (i) => `<g id="u${i + 1}">${`<use xlink:href="#u${i}"/>`.repeat(10)}</g>`)}</defs><use xlink:href="#u10"/>`,
  )
const patternsTenfold = () =>
  svg(
    `${many(9, (i) => `<pattern id="p${i}" width="10" height="10" patternUnits="userSpaceOnUse">${`<rect width="9" height="9" fill="${i ? `url(#p${i - 1})` : 'red'}"/>`.repeat(10)}</pattern>`)}<rect width="100" height="100" fill="url(#p8)"/>`,
  )
const masksTenfold = () =>
  svg(
    `${many(9, (i) => `<mask id="m${i}">${`<rect width="99" height="99" fill="#fff"${i ? ` mask="url(#m${i - 1})"` : ''}/>`.repeat(10)}</mask>`)}<rect width="100" height="100" mask="url(#m8)"/>`,
  )
const laughs = () =>
  Buffer.from(
    `<!DOCTYPE svg [<!ENTITY l0 "lol">${many(10, (i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`)}]>${svg('<text>&l10;</text>')}`,
  )
const quadratic = (body: (references: string) => string) => () =>
  Buffer.from(`<!DOCTYPE svg [<!ENTITY a "${'x'.repeat(1000)}">]>${svg(body('&a;'.repeat(1_500_000)))}`)
const manyEntities = () =>
  Buffer.from(`<!DOCTYPE svg [${many(4097, (i) => `<!ENTITY e${i} "x">`)}]>${svg('<text>&e0;</text>')}`)

const FILES = [
  '/etc/passwd',
  'file:///etc/hostname',
  '../../secret.png',
  '/dev/zero',
  '/dev/stdin',
  '/proc/self/environ',
  'http://127.0.0.1:9/x.png',
  '//evil.example/x.png',
  '&#x2f;dev&#x2f;zero',
  'data:image/svg+xml;base64,PHN2Zy8+',
  'data:text/plain,x',
]

/** Every class of threat in an SVG's bytes. Large ones are generated, not stored. */
export const HOSTILE: readonly Hostile[] = [
  ...FILES.map((href) => drawn(`image ${href}`, () => drawing(href))),
  drawn('href without a prefix', () => svg(`${RED}<image href="/dev/zero" width="9" height="9"/>`)),
  drawn('another prefix for xlink', () =>
    svg(`${RED}<image q:href="/dev/zero" xmlns:q="http://www.w3.org/1999/xlink" width="9" height="9"/>`),
  ),
  drawn('file hidden in a comment trick', () =>
    svg(`${RED}<!-- > --><image xlink:href="/dev/zero" width="9" height="9"/>`),
  ),
  drawn('href from an entity', () =>
    Buffer.from(
      `<!DOCTYPE svg [<!ENTITY z "/dev/zero">]>${svg(`${RED}<image xlink:href="&z;" width="9" height="9"/>`)}`,
    ),
  ),
  drawn('feImage of a file', () =>
    filtered('<feFlood flood-color="red"/><feImage xlink:href="/dev/zero" result="x"/><feFlood flood-color="red"/>'),
  ),
  drawn('use of a file', () => svg(`${RED}<use xlink:href="/etc/x.svg#a"/>`)),
  drawn('CSS that loads', () =>
    svg(
      `<style>@import url(http://127.0.0.1:9/);@font-face{font-family:x;src:url(/dev/zero)}rect{fill:u\\72l(/dev/zero#a);stroke:url(/dev/zero)}</style>${RED}`,
    ),
  ),
  drawn('xml-stylesheet', () => Buffer.from(`<?xml-stylesheet href="/dev/zero"?>${svg(RED)}`)),
  drawn('script and handlers', () => svg(`<script>for(;;);</script><g onload="for(;;);">${RED}</g>`)),
  drawn('external entity', () =>
    Buffer.from(`<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///dev/zero">]>${svg(`${RED}<text>&x;</text>`)}`),
  ),
  drawn('picture of 60000 x 60000', () => drawing(`data:image/png;base64,${png(60_000, 60_000)}`)),
  drawn('picture that is none', () =>
    drawing('data:image/png;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4='),
  ),

  isolated('off-canvas rect with opacity', () => svg('<rect x="-100000" width="10" height="10" opacity=".5"/>')),
  isolated('off-canvas rect with a mask', () =>
    svg(
      '<mask id="m"><rect width="9" height="9" fill="#fff"/></mask><rect x="-300" width="10" height="10" mask="url(#m)"/>',
    ),
  ),
  isolated('feComposite in a huge region', () =>
    filtered(
      '<feFlood/><feComposite in="SourceGraphic" operator="arithmetic" k1="1" k2="1"/>',
      'x="-1e9" y="-1e9" width="2e9" height="2e9" filterUnits="userSpaceOnUse"',
    ),
  ),
  isolated('feOffset beyond i32', () => filtered('<feOffset dx="-3e9" dy="3e9"/>')),
  isolated('feDropShadow beyond f32', () => filtered('<feDropShadow dx="1e30" stdDeviation="1"/>')),
  refused('TOO_COMPLEX', '2,000 shapes on a gradient of 4,000 stops', () =>
    svg(
      `<linearGradient id="g">${many(4000, (i) => `<stop offset="${i / 4000}"/>`)}</linearGradient>${'<path d="M0 0h9v9" fill="url(#g)"/>'.repeat(2000)}`,
    ),
  ),
  refused('TOO_COMPLEX', '100,000 letters that no font has', () => svg(`<text>${'\u4e8c'.repeat(100_000)}</text>`)),
  refused('TOO_COMPLEX', '40,000 spans', () => svg(`<text>${'<tspan dy="1">a</tspan>'.repeat(40_000)}</text>`)),
  refused('TOO_COMPLEX', '3,000 masks side by side', () =>
    svg(`<mask id="m"><rect width="99" height="99"/></mask>${'<path d="M0 0h99v99" mask="url(#m)"/>'.repeat(3000)}`),
  ),
  refused('TOO_COMPLEX', 'a path of 400,000 segments used 20 times', () =>
    svg(`<path id="p" d="M0 0${'h1v1'.repeat(200_000)}"/>${'<use xlink:href="#p"/>'.repeat(40)}`),
  ),
  drawn('a polyline of 6,000 points that crosses itself everywhere', () =>
    svg(`<polyline fill-rule="evenodd" points="${many(6000, (i) => `${(i * 37) % 24},${(i * 53) % 23} `)}"/>`),
  ),
  refused('TOO_COMPLEX', '2,000 elements with a blur', () =>
    svg(
      `<filter id="f"><feGaussianBlur stdDeviation="3"/></filter>${'<rect width="99" height="99" filter="url(#f)"/>'.repeat(2000)}`,
    ),
  ),

  refused('TOO_COMPLEX', '20,000 gradients that inherit 200 stops', () =>
    svg(
      `<linearGradient id="g">${'<stop offset="1"/>'.repeat(200)}</linearGradient>${many(20_000, (i) => `<linearGradient id="h${i}" xlink:href="#g"/><path fill="url(#h${i})" d="M0 0h9v9"/>`)}`,
    ),
  ),
  refused('TOO_COMPLEX', 'a text of 80,000 letters', () => svg(`<text>${'lorem ipsum '.repeat(7000)}</text>`)),
  refused('TOO_COMPLEX', '54,000 letters with a position each', () =>
    svg(`<text x="${'9 '.repeat(54_000)}" rotate="${'9 '.repeat(54_000)}">${'a'.repeat(54_000)}</text>`),
  ),
  refused('TOO_COMPLEX', 'a stroke of 60,000 points that crosses itself everywhere', () =>
    svg(
      `<path fill="none" stroke="red" d="M${many(60_000, (i) => `${(i * 37) % 101} ${(i * 53) % 97}L`)}0 0"/>`,
      'width="100" height="100"',
    ),
  ),
  refused('TOO_COMPLEX', '60,000 circles with a stroke', () =>
    svg(many(60_000, (i) => `<circle r="${i % 99}" cx="50" cy="50" stroke="red" stroke-width="9"/>`)),
  ),
  refused('TOO_COMPLEX', '20 filters that merge 300 nodes', () =>
    svg(
      `<filter id="f"><feMerge>${'<feMergeNode in="SourceGraphic"/>'.repeat(300)}</feMerge></filter>${'<rect width="100" height="100" filter="url(#f)"/>'.repeat(20)}`,
    ),
  ),
  refused('TOO_COMPLEX', '140 blurs of dots in regions beyond the picture', () =>
    svg(
      `<filter id="f" x="-100" y="-100" width="300" height="300"><feGaussianBlur stdDeviation="9"/></filter>${many(140, (i) => `<path d="M${i % 90} 50h1v1" filter="url(#f)"/>`)}`,
    ),
  ),

  refused('TOO_COMPLEX', '1,500 turned pictures', () =>
    svg(many(1500, (i) => `<image transform="rotate(${i} 50 50)" xlink:href="${PICTURE}" width="100" height="100"/>`)),
  ),
  refused('TOO_COMPLEX', 'a pattern whose tile is 40 times as wide as the picture', () =>
    svg(
      `<pattern id="p" width="1" height="1" patternTransform="scale(40)">${RED}</pattern><rect width="100" height="100" fill="url(#p)"/>`,
    ),
  ),
  refused('TOO_COMPLEX', '300,000 dashes', () =>
    svg(`<path stroke="red" stroke-dasharray="1" stroke-linecap="round" d="M0 0${'h99h-99'.repeat(1500)}"/>`),
  ),
  refused('TOO_COMPLEX', '6,000 circles as large as a country', () =>
    svg(many(6000, (i) => `<circle r="1e5" cx="-1e5" cy="${i % 99}" fill="none" stroke="red"/>`)),
  ),
  refused('TOO_COMPLEX', '4,000 circles in a group that enlarges them', () =>
    svg(`<g transform="scale(1e5)">${many(4000, (i) => `<circle r="9${i % 9}" fill="none" stroke="red"/>`)}</g>`),
  ),
  refused('TOO_COMPLEX', '4,000 circles in groups that enlarge each other by little', () =>
    svg(nested(40, 'g', 'transform="scale(1.5)"').replace(RED, '<circle r="99"/>'.repeat(4000))),
  ),
  refused('TOO_COMPLEX', '4,000 circles that are used enlarged', () =>
    svg(
      `<defs><g id="a">${'<circle r="99"/>'.repeat(80)}</g></defs>${'<use href="#a" transform="scale(1e5)"/>'.repeat(50)}`,
    ),
  ),
  refused('TOO_COMPLEX', '4,000 circles of symbols with a small view box', () =>
    svg(
      `<symbol id="a" viewBox="0 0 .001 .001">${'<circle r="99"/>'.repeat(80)}</symbol>${'<use href="#a" width="99" height="99"/>'.repeat(50)}`,
    ),
  ),
  refused('TOO_COMPLEX', '9,000 rounded corners in a small view box', () =>
    svg(
      `<svg width="100" height="100" viewBox="0 0 .001 .001">${'<rect rx="9" width="99" height="99"/>'.repeat(4000)}</svg>`,
    ),
  ),
  refused('TOO_COMPLEX', 'ten paths of 200 arcs as large as a country', () =>
    svg(`<path fill="none" stroke="red" d="M0 0${many(200, (i) => `A9e4 1e5 0 1 ${i % 2} ${i} 9`)}"/>`.repeat(10)),
  ),
  refused('TOO_COMPLEX', 'large letters in an enlarged group', () =>
    svg(`<g transform="scale(1e4)">${'<text y="9">abcdefghi</text>'.repeat(1000)}</g>`),
  ),
  refused('TOO_COMPLEX', '80 morphologies in an enlarged group', () =>
    svg(
      `<filter id="f"><feMorphology radius=".05"/></filter><g transform="scale(1000)">${'<path d="M0 0h.1v.1H0" filter="url(#f)"/>'.repeat(80)}</g>`,
    ),
  ),
  refused('TOO_COMPLEX', '600 blurs in regions that are small before they are enlarged', () =>
    svg(
      `<filter id="f" ${TINY_REGION}><feGaussianBlur stdDeviation=".01"/></filter>${`<rect transform="scale(1000)" ${TINY} filter="url(#f)"/>`.repeat(600)}`,
    ),
  ),
  refused('TOO_COMPLEX', '600 uses of a blur that enlarge its region', () =>
    svg(
      `<filter id="f" ${TINY_REGION}><feGaussianBlur stdDeviation=".01"/></filter><rect id="r" ${TINY} filter="url(#f)"/>${'<use xlink:href="#r" transform="scale(1000)"/>'.repeat(600)}`,
    ),
  ),
  refused('TOO_COMPLEX', '5,000 masks in regions that are small before they are enlarged', () =>
    svg(
      `<mask id="m" ${TINY_REGION.replace('filter', 'mask')}><rect width=".1" height=".1" fill="#fff"/></mask>${`<rect transform="scale(1000)" ${TINY} mask="url(#m)"/>`.repeat(5000)}`,
    ),
  ),
  refused('TOO_COMPLEX', '600 short paths of 190 lines that cross', () =>
    svg(many(600, (i) => crossing(`x="${i}" stroke="red"`))),
  ),
  refused('TOO_COMPLEX', '600 uses that stroke such a path', () =>
    svg(`<defs>${crossing('id="p"')}</defs>${'<use xlink:href="#p" stroke="red"/>'.repeat(600)}`),
  ),
  refused('TOO_COMPLEX', '4,000 oblique gradients as large as the picture', () =>
    svg(
      `<linearGradient id="g" gradientUnits="userSpaceOnUse" x2="60" y2="1"><stop/><stop offset="1" stop-color="red"/></linearGradient>${'<path fill="url(#g)" d="M0 0h100v100H0"/>'.repeat(4000)}`,
    ),
  ),
  drawn('100 small uses of shadows in regions in user units', () =>
    svg(
      `<filter id="f" filterUnits="userSpaceOnUse" x="0" y="0" width="8" height="8"><feDropShadow dx="1" dy="1" stdDeviation="1"/></filter><g id="r"><rect width="5" height="5" fill="red" filter="url(#f)"/></g>${many(100, (i) => `<use xlink:href="#r" x="${(i % 10) * 10}" y="${Math.floor(i / 10) * 10}"/>`)}`,
    ),
  ),
  drawn('4,000 elements on a path of 900 curves that a rule gives them', () =>
    svg(
      `<style>rect{offset-path:path("M0 0${'c1 2 3 4 5 5'.repeat(900)}");offset-distance:1%}</style>${'<rect width="9" height="9" fill="red"/>'.repeat(4000)}`,
    ),
  ),
  drawn('300 texts on one path of 900 curves', () =>
    svg(
      `<path id="p" d="M0 0${'c1 2 3 4 5 5'.repeat(900)}"/>${'<text><textPath xlink:href="#p">abcdef</textPath></text>'.repeat(300)}`,
    ),
  ),
  drawn('filters with a resolution of their own', () =>
    filtered('<feConvolveMatrix order="3" kernelMatrix="0 0 0 0 1 0 0 0 0" kernelUnitLength=".001"/>'.repeat(9)),
  ),
  refused('TOO_COMPLEX', '45,000 strokes as wide as the picture', () =>
    svg('<path d="M0 0l9 9" stroke="red" stroke-width="1e4"/>'.repeat(45_000)),
  ),
  refused('TOO_COMPLEX', 'a path of 40,000 segments that a rule gives to 20,000 shapes', () =>
    svg(`<style>path{d:path("M0 0${'h1v1'.repeat(20_000)}")}</style>${'<path/>'.repeat(20_000)}`),
  ),
  refused('TOO_COMPLEX', '2,000 shapes as large as the picture, filled by a radial gradient', () =>
    svg(
      `<radialGradient id="g"><stop/><stop offset="1"/></radialGradient>${'<path d="M0 0h100v100H0" fill="url(#g)"/>'.repeat(2000)}`,
    ),
  ),
  refused('TOO_COMPLEX', '3,000 wide strokes that are used, each stroked by a gradient', () =>
    svg(
      `<radialGradient id="g"><stop/></radialGradient><path id="a" d="M0 0h1v1" stroke-width="500"/>${'<use stroke="url(#g)" xlink:href="#a"/>'.repeat(3000)}`,
    ),
  ),
  refused('TOO_COMPLEX', 'a pattern of 50 shapes for the 50 that 50 uses draw, written before what they use', () =>
    svg(
      `<pattern id="p" width=".1" height=".1">${RED.repeat(50)}</pattern><g id="a">${'<path d="M0 0h99v99"/>'.repeat(50)}</g>${'<use fill="url(#p)" xlink:href="#a"/>'.repeat(50)}`,
    ),
  ),
  blank('60,000 curves in 100 groups that turn about their own boxes', () =>
    svg(
      nested(100, 'g', 'style="transform-box:fill-box;transform-origin:center;rotate:1deg"').replace(
        RED,
        many(60_000, (i) => `<path d="M${i % 9} 0C9 9 8 8 7 7"/>`),
      ),
    ),
  ),
  refused('TOO_COMPLEX', '240,000 groups', () => svg(RED + '<g><g/><g/></g>'.repeat(80_000))),
  refused('TOO_COMPLEX', '40,000 rules with an error each', () =>
    svg(`<style>${many(40_000, (i) => `.a{.b{.c${i}{fill:red}}}`)}</style>${RED}`),
  ),
  refused('TOO_COMPLEX', 'a style attribute with 400,000 errors', () =>
    svg(`<g style="'';${'a;'.repeat(400_000)}"/>${RED}`),
  ),

  refused('TOO_COMPLEX', '5,000 chained patterns', () =>
    svg(
      `${many(5000, (i) => `<pattern id="p${i}" width="9" height="9"><rect width="9" height="9" fill="url(#p${i + 1})"/></pattern>`)}<rect width="9" height="9" fill="url(#p0)"/>`,
    ),
  ),
  refused('TOO_COMPLEX', '20,000 chained clipPaths', () =>
    svg(
      `${many(20_000, (i) => `<clipPath id="c${i}" clip-path="url(#c${i + 1})"><path d="M0 0h9v9z"/></clipPath>`)}<rect width="9" height="9" clip-path="url(#c0)"/>`,
    ),
  ),
  refused('TOO_COMPLEX', '20,000 chained clipPaths, last one first', () =>
    svg(
      `${many(20_000, (i) => `<clipPath id="c${i + 1}" clip-path="url(#c${i})"><path d="M0 0h9v9z"/></clipPath>`)}<rect width="9" height="9" clip-path="url(#c20000)"/>`,
    ),
  ),
  refused('TOO_COMPLEX', '5,000 chained gradients', () =>
    svg(
      `${many(5000, (i) => `<linearGradient id="g${i}" xlink:href="#g${i + 1}"/>`)}<rect width="9" height="9" fill="url(#g0)"/>`,
    ),
  ),
  refused('TOO_COMPLEX', '200 clipPaths chained by classes', () =>
    svg(
      `<style>${many(200, (i) => `.c${i}{clip-path:url(#c${i + 1})}`)}</style>${many(200, (i) => `<clipPath id="c${i}"><path class="c${i}" d="M0 0h9v9z"/></clipPath>`)}<rect width="9" height="9" class="c0"/>`,
    ),
  ),
  blank('a use of itself', () => svg(`<g id="a"><use xlink:href="#b"/></g><g id="b"><use xlink:href="#a"/></g>${RED}`)),
  blank('a pattern filled with itself', () =>
    svg(
      `<pattern id="p" width="9" height="9"><rect width="9" height="9" fill="url(#p)"/></pattern><rect width="9" height="9" fill="url(#p)"/>`,
    ),
  ),
  refused('TOO_COMPLEX', 'nested use, 10^10', usedTenfold),
  refused('TOO_COMPLEX', 'nested patterns, 10^9', patternsTenfold),
  refused('TOO_COMPLEX', 'nested masks, 10^9', masksTenfold),
  refused('TOO_COMPLEX', 'a marker of 1,000 elements on 10,000 vertices', () =>
    svg(
      `<marker id="m">${RED.repeat(1000)}</marker><g marker-mid="url(#m)"><path d="M0 0${many(10_000, (i) => `L${i % 99} 9`)}"/></g>`,
    ),
  ),

  refused('TOO_LARGE', 'viewBox of 1 x 1,000,000', () =>
    svg('<rect width="1" height="1000000"/>', 'viewBox="0 0 1 1000000"'),
  ),
  refused('TOO_LARGE', '1 x 1e6', () => svg('<rect width="1" height="1000000"/>', 'width="1" height="1e6"')),
  refused('TOO_LARGE', 'tall.svg', fixture('tall.svg')),
  blank('an unsized path with coordinates of 1e10', () => svg('<path d="M0 0L1e10 1e10 1e10 0z"/>', '')),
  drawn('huge.svg', fixture('huge.svg')),
  blank('nan.svg', fixture('nan.svg')),
  blank('nosize.svg', fixture('nosize.svg')),
  refused('EMPTY', 'empty.svg', fixture('empty.svg')),
  refused('EMPTY', 'white space', () => Buffer.from(' \n\t ')),
  refused('NOT_SVG', 'html.svg', fixture('html.svg')),
  refused('NOT_SVG', 'a PNG', () => Buffer.from(png(9, 9), 'base64')),
  drawn('no xmlns', () => Buffer.from(`<svg ${SIZED}>${RED}</svg>`)),
  drawn('Latin-1 that does not say so', () => Buffer.from(`<svg ${SIZED}><!-- \u00e9 -->${RED}</svg>`, 'latin1')),
  drawn('UTF-16', () => Buffer.from(`\ufeff<svg ${SIZED}>${RED}</svg>`, 'utf16le')),
  refused('UNSUPPORTED', 'cut off', () => svg(RED).subarray(0, -3)),
  blank('local.svg', fixture('local.svg')),

  refused('TOO_COMPLEX', 'blur.svg', fixture('blur.svg')),
  refused('TOO_COMPLEX', 'dash.svg', fixture('dash.svg')),
  refused('TOO_COMPLEX', 'morph.svg', fixture('morph.svg')),
  refused('TOO_COMPLEX', 'turb.svg', fixture('turb.svg')),
  refused('TOO_COMPLEX', 'mask.svg', fixture('mask.svg')),
  refused('TOO_COMPLEX', 'use-bomb.svg', fixture('use-bomb.svg')),
  refused('TOO_COMPLEX', 'entity-bomb.svg', fixture('entity-bomb.svg')),
  // Both engines draw tiles far below a pixel as nothing, in milliseconds: a refusal would only affect legitimate art.
  blank('pattern.svg', fixture('pattern.svg')),
  drawn('feTurbulence of 10,000 octaves', () => filtered('<feTurbulence baseFrequency=".1" numOctaves="10000"/>')),
  drawn('feMorphology with a radius of 500', () => filtered('<feMorphology radius="500" operator="dilate"/>')),
  refused('TOO_COMPLEX', '2,000 blurs in a filter', () => filtered('<feGaussianBlur stdDeviation="1"/>'.repeat(2000))),
  refused('TOO_COMPLEX', '2,000 filter functions', () => svg(`<g filter="${'blur(1) '.repeat(2000)}">${RED}</g>`)),
  refused('TOO_COMPLEX', '2,000 filter functions in a rule', () =>
    svg(`<style>g{filter:${'blur(1) '.repeat(2000)}}</style><g>${RED}</g>`),
  ),
  refused('TOO_COMPLEX', '100,000 dashes inherited by 1,000 shapes', () =>
    svg(`<g stroke="red" stroke-dasharray="${'9 '.repeat(100_000)}">${RED.repeat(1000)}</g>`),
  ),
  refused('TOO_COMPLEX', 'a path of 1,300,000 segments', () =>
    svg(`<path stroke="red" d="M0 0${'h9'.repeat(1_300_000)}"/>`),
  ),
  refused('TOO_COMPLEX', 'a polyline of 1,230,000 points', () =>
    svg(`<polyline stroke="red" points="${'9 9 '.repeat(1_230_000)}"/>`),
  ),

  refused('TOO_COMPLEX', 'billion laughs', laughs),
  refused(
    'TOO_COMPLEX',
    'quadratic blow-up in text',
    quadratic((references) => `<text>${references}</text>`),
  ),
  refused(
    'TOO_COMPLEX',
    'quadratic blow-up in an attribute',
    quadratic((references) => `<path class="${references}"/>`),
  ),
  refused('TOO_COMPLEX', '4,097 entities', manyEntities),
  refused('TOO_DEEP', '200,000 nested groups', () => svg(nested(200_000, 'g', ''))),
  refused('TOO_LARGE', '1,000,000 paths', () => svg('<path/>'.repeat(1_000_000))),
  refused('TOO_COMPLEX', '700,000 elements', () => svg('<a/>'.repeat(700_000))),
  refused('TOO_COMPLEX', '100,000 attributes', () => svg(`<path ${many(100_000, (i) => `a${i}="" `)}/>`)),
  drawn('10,000 selectors on 10,000 elements', () =>
    svg(`${RED}<style>${many(10_000, (i) => `g .a${i}{fill:red}`)}</style>${'<path/>'.repeat(10_000)}`),
  ),
  refused('TOO_COMPLEX', '1,000 selectors of siblings on 10,000 elements', () =>
    svg(`<style>${many(1000, (i) => `g ~ path:nth-child(${i}n){fill:red}`)}</style>${'<path/>'.repeat(10_000)}`),
  ),
  refused('TOO_COMPLEX', 'variables that multiply', () =>
    svg(
      `<style>svg{${many(30, (i) => `--v${i}:var(--v${i + 1})var(--v${i + 1});`)}--v30:red}rect{fill:var(--v0)}</style>${RED}`,
    ),
  ),
  drawn('variables whose fallbacks ask again at every level', () =>
    svg(
      `<style>svg{--a:var(--a,var(--a,var(--a)));${many(30, (i) => `--b${i}:var(--b${i + 1},var(--b${i + 1}));`)}}rect{stroke:var(--a);fill:var(--b0,red)}</style>${RED}`,
    ),
  ),
  refused('TOO_COMPLEX', 'selectors that multiply', () =>
    svg(`<style>${'a,'.repeat(9000)}b{${'&amp;'.repeat(25_000)}{fill:red}}</style>${RED}`),
  ),
  drawn('a list of transforms and one that is none', () =>
    svg(`${RED}<g transform="${'translate(0)   '.repeat(60)}translate(1e0)"/>`),
  ),
  drawn('a number of a million digits and a letter', () =>
    svg(`${RED}<path pathLength="${'1'.repeat(1_000_000)}x" stroke-dasharray="1"/>`),
  ),
  drawn('a style attribute of semicolons', () => svg(`${RED}<g style="${'a;'.repeat(499_000)}"/>`)),
  refused('TOO_COMPLEX', 'shapes that clip what is used tenfold', () =>
    svg(
      `${many(9, (i) => `<g id="a${i}">${`<use href="#a${i + 1}"/>`.repeat(10)}</g>`)}<g id="a9">${RED}</g><g style="clip-path:circle(9px)"><use href="#a0"/></g>`,
    ),
  ),
  refused('TOO_COMPLEX', 'blocks in blocks', () => svg(`<style>${'a{'.repeat(100_000)}</style>${RED}`)),
  drawn('a style attribute of spaces', () =>
    svg(`${RED}<g style="${'fill '.repeat(300_000)}:${' '.repeat(300_000)}x"/>`),
  ),
  refused('TOO_LARGE', '6 MB', () => svg(' '.repeat(6_000_000))),
  refused('TOO_LARGE', 'SVGZ of 1.3 GB', () => gzipBomb()),
  refused('TOO_LARGE', 'SVGZ in many members', () =>
    Buffer.concat(Array.from({ length: 300 }, () => gzipSync(Buffer.alloc(100_000, 32)))),
  ),
  refused('NOT_SVG', 'SVGZ in SVGZ', () => gzipSync(gzipSync(svg(RED)))),
  refused('NOT_SVG', 'broken SVGZ', () => gzipSync(svg(RED)).subarray(0, 60)),
  drawn('an honest SVGZ', () => gzipSync(svg(RED))),
  refused('TOO_DEEP', '500 nested filter groups', () =>
    svg(`<filter id="f"><feGaussianBlur stdDeviation="1"/></filter>${nested(500, 'g', 'filter="url(#f)"')}`),
  ),
  refused('TOO_COMPLEX', '200 nested filter groups', () =>
    svg(`<filter id="f"><feGaussianBlur stdDeviation="1"/></filter>${nested(200, 'g', 'filter="url(#f)"')}`),
  ),
  refused('TOO_COMPLEX', '200 nested opacities', () => svg(nested(200, 'g', 'opacity=".9"'))),
]

/** Members that contain only white space, 65 MB uncompressed each: a small file with practically unlimited output. */
function gzipBomb(): Uint8Array {
  const member = gzipSync(Buffer.alloc(65_000_000, 32))
  return Buffer.concat(Array.from({ length: 20 }, () => member))
}
