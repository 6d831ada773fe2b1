import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../src/core/errors.ts'
import type { Feature, Warning } from '../src/render/child/normalise/names.ts'
import { normalise } from '../src/render/child/normalise/normalise.ts'
import { BOX, doc, expectClean, NS, outcome } from './support/normalised.ts'

/** What is inside of the root. */
const bodyOf = (svg: string) => /^<svg[^>]*?(?:\/>|>([\s\S]*)<\/svg>)$/.exec(svg)?.[1] ?? ''

interface Expected {
  readonly code?: ErrorCode
  readonly body?: string
  readonly size?: readonly [number, number]
  readonly warnings?: readonly Warning[]
  readonly features?: readonly Feature[]
}

async function check(input: string | Uint8Array, expected: Expected): Promise<void> {
  const result = await outcome(input)
  if (typeof result === 'string' || expected.code) {
    expect(result).toBe(expected.code)
    return
  }
  if (expected.body !== undefined) expect(bodyOf(result.svg)).toBe(expected.body)
  if (expected.size) expect([result.width, result.height]).toEqual(expected.size)
  if (expected.warnings) expect([...result.warnings].sort()).toEqual([...expected.warnings].sort())
  if (expected.features) expect([...result.features].sort()).toEqual([...expected.features].sort())
  await expectClean(result.svg)
}

describe('what is drawn stays as it was written', () => {
  test.each<[string, string, string]>([
    ['numbers and spaces in values', '<path d="M 0,0 L1e1.5"  fill="#F00"/>', '<path d="M 0,0 L1e1.5" fill="#F00"/>'],
    ['white space between shapes goes', '<g>\n  <path/>\n</g>', '<g><path/></g>'],
    [
      'text keeps its spaces',
      '<text xml:space="preserve"> a <tspan> b</tspan></text>',
      '<text xml:space="preserve"> a <tspan> b</tspan></text>',
    ],
    ['escapes', '<text id="a&quot;&lt;">&lt;&amp;&gt;</text>', '<text id="a&quot;&lt;">&lt;&amp;&gt;</text>'],
    ['CDATA', '<text><![CDATA[<b>]]></text>', '<text>&lt;b&gt;</text>'],
    [
      'local references',
      '<use xlink:href="#a"/><rect fill="url( \'#g\' ) red"/>',
      '<use href="#a"/><rect fill="url( \'#g\' ) red"/>',
    ],
    ['href wins over xlink:href', '<use xlink:href="#b" href="#a"/>', '<use href="#a"/>'],
    ['a link is a group', '<a xlink:href="http://x/"><path/></a>', '<g><path/></g>'],
    ['a link in text is a span', '<text><a href="http://x/">b</a></text>', '<text><tspan>b</tspan></text>'],
    [
      'editors leave their traces',
      '<title>a</title><desc/><metadata/><sodipodi:namedview a="b"/><path inkscape:x="y"/>',
      '<path/>',
    ],
    [
      'a switch keeps the drawing',
      '<switch><foreignObject requiredExtensions="x"/><g i:extraneous="self"/></switch>',
      '<switch><g/></switch>',
    ],
    [
      'CSS',
      '<style>/* a */ .a , #b > c { fill : red ; stroke:url(#x) }</style>',
      '<style>.a,#b &gt; c{fill:red;stroke:url(#x)}</style>',
    ],
    ['a style attribute is verbatim', '<path style=" fill : red;;"/>', '<path style=" fill : red;;"/>'],
    [
      'transforms',
      '<path transform="rotate(9)" style="transform:scale(2)"/>',
      '<path transform="rotate(9)" style="transform:scale(2)"/>',
    ],
    ['the first id is the one', '<path id="a"/><path id="a"/>', '<path id="a"/><path/>'],
  ])('%s', (_, body, expected) =>
    check(doc(body), { body: expected, warnings: expected.includes('text') ? ['TEXT'] : [] }),
  )
})

describe('what loads, runs or moves is left out, with a warning', () => {
  test.each<[string, string, string, Warning[]]>([
    ['a file', '<image xlink:href="/dev/zero"/>', '', ['EXTERNAL_REFERENCE']],
    ['a use elsewhere', '<use href="a.svg#b"/>', '', ['EXTERNAL_REFERENCE']],
    [
      'a paint elsewhere',
      '<path fill="url(//x#a)" stroke="url(x) red"/>',
      '<path stroke="red"/>',
      ['EXTERNAL_REFERENCE'],
    ],
    [
      'a style attribute',
      '<path style="fill:url(x);stroke:red"/>',
      '<path style="stroke:red"/>',
      ['EXTERNAL_REFERENCE'],
    ],
    ['an escape', '<path style="fill:u\\72l(x)" fill="\\75rl(x)"/>', '<path/>', ['EXTERNAL_REFERENCE']],
    ['a comment in a function', '<path style="fill:url/**/(x)"/>', '<path/>', ['EXTERNAL_REFERENCE']],
    ['what may open a comment', '<style>\\/*{a:b}.a{fill:red}</style>', '<style>.a{fill:red}</style>', []],
    ['an import', '<style>@import "a";.a{fill:red}</style>', '<style>.a{fill:red}</style>', ['EXTERNAL_REFERENCE']],
    ['an import at the end', '<style>@import "a"</style>', '', ['EXTERNAL_REFERENCE']],
    ['a font', '<style>@font-face{src:url(a)}</style>', '', ['EXTERNAL_REFERENCE']],
    ['an open url', '<style>.a{fill:url(a</style>', '', ['EXTERNAL_REFERENCE']],
    ['a script', '<script>1</script><path onclick="1"/>', '<path/>', ['SCRIPT']],
    ['HTML', '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>', '', ['SCRIPT']],
    ['movement', '<path><animate attributeName="d"/></path><set/>', '<path/>', ['ANIMATION']],
    ['SVG in a data URI', `<image href="data:image/svg+xml;base64,AAAA"/>`, '', ['EXTERNAL_REFERENCE']],
    ['a loop', '<g id="a"><use href="#a"/></g>', '<g id="a"><use/></g>', ['CYCLE']],
    [
      'a loop through a class',
      '<style>.a{mask:url(#m)}</style><mask id="m"><path class="a"/></mask>',
      '<mask id="m"><path class="a"/></mask>',
      ['CYCLE'],
    ],
    [
      'octaves',
      '<filter id="f"><feTurbulence numOctaves="99"/></filter>',
      '<filter id="f"><feTurbulence numOctaves="10"/></filter>',
      ['CLAMPED'],
    ],
  ])('%s', (_, body, expected, warnings) => check(doc(body), { body: expected, warnings }))
})

test('an embedded picture is what its bytes are', () => {
  const gif = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'
  check(doc(`<image href="data:image/png;base64, ${gif.slice(0, 20)}&#10;${gif.slice(20)}"/>`), {
    body: `<image href="data:image/gif;base64,${gif}"/>`,
    features: ['image'],
    warnings: [],
  })
})

describe('size', () => {
  test.each<[string, readonly [number, number] | ErrorCode]>([
    ['width="24" height="12"', [24, 12]],
    ['width="1in" height="2.54cm"', [96, 96]],
    ['width="12" viewBox="0 0 24 12"', [12, 6]],
    ['viewBox="0,0,24,12"', [24, 12]],
    ['width="100%" height="100%" viewBox="0 0 24 12"', [24, 12]],
    ['width="NaN" height="1e400"', [100, 100]],
    ['width="-1" height="0" viewBox="0 0 0 9"', [100, 100]],
    ['', [100, 100]],
    ['style="width:24px;height:12px"', [24, 12]],
    ['width="1000000" height="500000"', [1_000_000, 500_000]],
    ['viewBox="0 0 1 1000000"', 'TOO_LARGE'],
    ['width="1e300"', 'TOO_LARGE'],
    ['viewBox="0 0 1e-30 1e-30"', 'TOO_LARGE'],
  ])('%s', (attributes, expected) =>
    check(doc('<path/>', attributes), typeof expected === 'string' ? { code: expected } : { size: expected }),
  )

  test('the emitted root is never above 4096 px and keeps what it shows', () => {
    const { svg } = sanitise(Buffer.from(doc('', 'width="1000000" height="500000"')))
    expect(svg).toContain('width="4096" height="2048" viewBox="0 0 1000000 500000"')
  })

  test('no rule brings the size back', () => {
    check(doc('<style>svg{width:9e9px;fill:red}*{height:1px}</style>'), { body: '<style>svg{fill:red}</style>' })
  })
})

describe('bytes', () => {
  const latin = `<?xml version="1.0" encoding="ISO-8859-1"?>${doc('<text>é</text>')}`
  test.each<[string, Uint8Array]>([
    ['UTF-8', Buffer.from(doc('<text>é</text>'))],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${doc('<text>é</text>')}`)],
    ['UTF-16LE', Buffer.from(`\ufeff${doc('<text>é</text>')}`, 'utf16le')],
    ['UTF-16BE without a mark', Buffer.from(doc('<text>é</text>'), 'utf16le').swap16()],
    ['Latin-1', Buffer.from(latin, 'latin1')],
    ['Latin-1 that does not say so', Buffer.from(doc('<text>é</text>'), 'latin1')],
    ['SVGZ', gzipSync(doc('<text>é</text>'))],
    [
      'SVGZ in two members',
      Buffer.concat([gzipSync(doc('<text>é</text>').slice(0, 9)), gzipSync(doc('<text>é</text>').slice(9))]),
    ],
    ['space before the declaration', Buffer.from(`\n ${latin}`.replace('ISO-8859-1', 'UTF-8'))],
  ])('%s', (_, bytes) => check(bytes, { body: '<text>é</text>' }))
})

describe('documents that are not quite right', () => {
  test.each<[string, string, Expected]>([
    ['no xmlns', '<svg><path/></svg>', { body: '<path/>' }],
    ['a prefix', '<svg:svg xmlns:svg="http://www.w3.org/2000/svg"><svg:path/></svg:svg>', { body: '<path/>' }],
    [
      "Illustrator's entities",
      `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd" [<!ENTITY ns_svg "http://www.w3.org/2000/svg"><!-- > -->]><svg xmlns="&ns_svg;"><path/></svg>`,
      { body: '<path/>', warnings: [] },
    ],
    [
      'entities of characters',
      `<!DOCTYPE svg [<!ENTITY a "&#38;#38;&lt;">]>${doc('<text>&a;</text>')}`,
      { body: '<text>&amp;&lt;</text>' },
    ],
    ['an entity with markup', `<!DOCTYPE svg [<!ENTITY a "<g/>">]>${doc('&a;')}`, { code: 'UNSUPPORTED' }],
    ['HTML', '<!DOCTYPE html><html><svg/></html>', { code: 'NOT_SVG' }],
    ['JSON', '{}', { code: 'NOT_SVG' }],
    ['another namespace', '<svg xmlns="urn:x"/>', { code: 'NOT_SVG' }],
    ['ill-formed', '<svg><g></svg>', { code: 'UNSUPPORTED' }],
    ['an unknown entity', '<svg>&nbsp;</svg>', { code: 'UNSUPPORTED' }],
  ])('%s', (_, input, expected) => check(input, expected))
})

describe('legitimate art of size passes', () => {
  test.each<[string, string]>([
    ['a map of 100,000 segments', `<path d="M0 0${'c.1 .2 .3 .4 1 1'.repeat(100_000)}"/>`],
    ['50,000 shapes', '<path d="M0 0h1"/>'.repeat(50_000)],
    [
      '10,000 shapes on one gradient',
      `<linearGradient id="g">${'<stop/>'.repeat(20)}</linearGradient>${'<path fill="url(#g)"/>'.repeat(10_000)}`,
    ],
    ['dashes in surveyors coordinates', `<path stroke-dasharray="5 5" d="M500000 4649776${'l10 10'.repeat(5000)}"/>`],
    ['a symbol used 1,000 times', `<symbol id="s">${'<path/>'.repeat(20)}</symbol>${'<use href="#s"/>'.repeat(1000)}`],
    [
      '300 soft shadows',
      `<filter id="f"><feOffset dy="2"/><feGaussianBlur stdDeviation="2"/><feBlend/></filter>${'<path filter="url(#f)"/>'.repeat(300)}`,
    ],
    [
      '60 nested clips',
      `<clipPath id="c"><path/></clipPath>${'<g clip-path="url(#c)">'.repeat(60)}${'</g>'.repeat(60)}`,
    ],
  ])('%s', (_, body) => {
    const result = outcome(doc(body))
    expect(typeof result === 'string' ? result : [...result.warnings]).toEqual([])
  })
})

test('the demo icons come out as they went in', () => {
  for (const set of ['lucide', 'twemoji', 'circle-flags']) {
    const file = path.join(import.meta.dirname, '..', 'node_modules', '@iconify-json', set, 'icons.json')
    const icons: Record<string, { body: string }> = JSON.parse(readFileSync(file, 'utf8')).icons
    for (const { body } of Object.values(icons)) {
      // Two twemoji repeat the default namespace on a child.
      const svg = `<svg ${NS} ${BOX}>${body.replaceAll(` ${NS}`, '')}</svg>`
      expect(sanitise(Buffer.from(svg)).svg).toBe(svg)
    }
  }
})
