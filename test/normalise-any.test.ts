import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HOSTILE } from './support/hostile.ts'
import { doc, expectClean, NS, outcome, XLINK } from './support/normalised.ts'

describe('hostile documents', () => {
  test.each(HOSTILE)('$name', async ({ svg, refused }) => {
    const result = await outcome(svg())
    expect(typeof result === 'string' ? result : null).toBe(refused)
    if (typeof result !== 'string') await expectClean(result.svg)
  })
})

/** Random trees of everything that has been used against a sanitiser, well-formed and not. */
const value = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('url(#a)', 'url("#b") red', 'url(x)', 'u\\72l(x)', 'url(#a) url(x)', '#a', '#b'),
  },
  fc.constantFrom(
    'url(/*)',
    'url(#a/*)',
    "url('#a)",
    'image(x)',
    '/dev/zero',
    'data:image/png;base64,AA',
    'javascript:1',
    'context-fill',
    '0',
    '1',
    '99%',
  ),
  fc.constantFrom(
    'a:url(x;b:c',
    'fill:url(#a);mask:url(#b)',
    'fill:url(x);}*{fill:url(x)',
    'a:"\\',
    "a:'",
    'x:y!important',
    'transform:rotate(1turn);transform-origin:center',
    'filter:blur(1px) url(#a);clip-path:circle(1px)',
    '--a:var(--b,red);fill:var(--a)',
    'mix-blend-mode:multiply;isolation:isolate',
    'animation:x 1s;font:bold 1em/2 "A B",serif',
    'display:flex;gap:1px;width:9px;background:red linear-gradient(red,url(#a))',
    'display:grid;grid-template-columns:repeat(3,1fr);border:1px solid url(x);border-radius:2px',
    'display:table;margin:auto;padding:1em 2%;text-decoration:underline;position:absolute',
  ),
  fc.string({ maxLength: 8 }),
)
const attributeName = fc.constantFrom(
  ...'marker-end pathLength transform x y r font-size height space id href xlink:href q:href style fill stroke mask clip-path filter class d onload src width viewBox xmlns:q xml:base xml:space opacity marker'.split(
    ' ',
  ),
)
const escapeAll = (text: string) =>
  text
    .replaceAll(/[&<>"]/g, '&#38;')
    .toWellFormed()
    .replaceAll(/\p{C}/gu, ' ')
const attributes = fc
  .uniqueArray(fc.tuple(attributeName, value), { selector: ([name]) => name, maxLength: 4 })
  .map((pairs) => pairs.map(([name, text]) => ` ${name}="${escapeAll(text)}"`).join(''))
const elementName = fc.constantFrom(
  ...'g path use image pattern mask clipPath filter feImage feTurbulence text tspan a svg switch symbol marker script foreignObject animate title q:g svg:rect set linearGradient stop foreignObject h:div h:p h:td h:tr h:table h:img h:li animateMotion mpath use'.split(
    ' ',
  ),
)
const css = fc
  .array(
    fc.constantFrom(
      '.a',
      '{',
      '}',
      'fill:',
      'url(#a)',
      'url(x)',
      ';',
      '/*',
      '*/',
      '"',
      "'",
      '\\',
      '@import',
      '@media',
      ' ',
      ',',
      '(',
      ')',
      'red',
      '<!--',
    ),
  )
  .map((parts) => `<style>${escapeAll(parts.join(''))}</style>`)
const { node } = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5 },
    fc.string({ maxLength: 5 }).map(escapeAll),
    css,
    fc
      .tuple(elementName, attributes, fc.array(tie('node'), { maxLength: 4 }))
      .map(([name, own, children]) => `<${name}${own}>${children.join('')}</${name}>`),
  ),
}))

test('any output parses, refers only to itself, and is unchanged when normalised again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(node, { maxLength: 6 }), attributes, async (children, own) => {
      const result = await outcome(
        `<svg ${NS} ${XLINK} xmlns:h="http://www.w3.org/1999/xhtml"${own.replace(/ xmlns:xlink="[^"]*"/, '')}>${children.join('')}</svg>`,
      )
      if (typeof result !== 'string') await expectClean(result.svg)
    }),
    {
      numRuns: 2000,
      // A reference in an element that is not printed, because its parent is not.
      examples: [[['<h:div><g style="filter:blur(1px) url(#a);clip-path:circle(1px)"></g></h:div>'], '']],
    },
  )
})

test('any bytes give a document or a code', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      expect(await outcome(bytes)).toBeTruthy()
    }),
  )
})

test('a damaged document gives a document or a code', async () => {
  const whole = doc(`<style>.a{fill:url(#g)}</style><g id="g"><path class="a" d="M0 0"/><use xlink:href="#g"/></g>`)
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), fc.nat(9), fc.string({ maxLength: 5 }), async (at, removed, inserted) => {
      const result = await outcome(whole.slice(0, at) + inserted + whole.slice(at + removed))
      if (typeof result !== 'string') await expectClean(result.svg)
    }),
    { numRuns: 2000 },
  )
})
