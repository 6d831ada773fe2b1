import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../src/core/errors.ts'
import type { Feature, Warning } from '../src/render/child/normalise/names.ts'
import { normalise } from '../src/render/child/normalise/normalise.ts'
import { BOX, doc, expectClean, NS, outcome } from './support/normalised.ts'

/** The content of the root. */
const bodyOf = (svg: string) =>
  (/^<svg[^>]*?(?:\/>|>([\s\S]*)<\/svg>)$/.exec(svg)?.[1] ?? '').replaceAll(' font-family="DejaVu Sans"', '')

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

describe('documents are drawn as in a browser', () => {
  test.each<[string, string, string]>([
    [
      'numbers and spaces in paths stay',
      '<path d="M 0,0 L1e1.5"  fill="#F00"/>',
      '<path d="M 0,0 L1e1.5" fill="#ff0000"/>',
    ],
    [
      'numbers of any size are printed without exponents',
      '<rect x="1e21" y="-1e-9"/>',
      '<rect x="1000000000000000000000" y="0"/>',
    ],
    ['white space between shapes goes', '<g>\n  <path/>\n</g>', '<g><path/></g>'],
    [
      'text keeps its spaces',
      '<text xml:space="preserve"> a <tspan> b</tspan></text>',
      '<text xml:space="preserve"> a <tspan> b</tspan></text>',
    ],
    ['no engine sees space without its prefix', '<text space="preserve"> a</text>', '<text> a</text>'],
    ['ids and classes go', '<path id="a" class="b" style=""/>', '<path/>'],
    ['CDATA', '<text><![CDATA[<b>]]></text>', '<text>&lt;b&gt;</text>'],
    [
      'references get ids of our own',
      '<g id="a b"/><use xlink:href="#a b"/><linearGradient id="g(1)"><stop/></linearGradient><rect fill="url( \'#g(1)\' ) red"/>',
      '<g id="i0"/><use href="#i0"/><linearGradient id="i1"><stop/></linearGradient><rect fill="url(#i1) #ff0000"/>',
    ],
    ['percent signs in references', '<g id="a b"/><use href="#a%20b"/>', '<g id="i0"/><use href="#i0"/>'],
    ['the first id is the one', '<g id="a"/><path id="a"/><use href="#a"/>', '<g id="i0"/><path/><use href="#i0"/>'],
    [
      'href wins over xlink:href',
      '<g id="a"/><g id="b"/><use xlink:href="#b" href="#a"/>',
      '<g id="i0"/><g/><use href="#i0"/>',
    ],
    ['a link is a group', '<a xlink:href="http://x/"><path/></a>', '<g><path/></g>'],
    ['a link in text is a span', '<text><a href="http://x/">b</a></text>', '<text><tspan>b</tspan></text>'],
    [
      'editors leave their traces',
      '<title>a</title><desc/><metadata/><sodipodi:namedview a="b"/><path inkscape:x="y"/>',
      '<path/>',
    ],
    [
      'a switch is the first that fits',
      '<switch><foreignObject requiredExtensions="x"/><g systemLanguage="de"/><path systemLanguage="fr, en"/><g/></switch>',
      '<g><path/></g>',
    ],
    [
      'a fallback that apologises is not drawn',
      '<switch><g requiredExtensions="x"/><a><text>Text is not SVG - cannot display</text></a></switch>',
      '<g/>',
    ],
    [
      'of important declarations the earlier layer wins',
      '<style>@layer a,b;@layer b{.x{fill:blue!important}}@layer a{.x{fill:red!important}}</style><path class="x"/>',
      '<path fill="#ff0000"/>',
    ],
    [
      'an id or class cannot start with a digit',
      '<style>#1a,.1b{fill:red}.\\31 c{fill:blue}</style><path id="1a" class="1b"/><path class="1c"/>',
      '<path/><path fill="#0000ff"/>',
    ],
    [':-webkit-any is :is', '<style>:-webkit-any(path){fill:red}</style><path/>', '<path fill="#ff0000"/>'],
    [
      'initial values of registered variables',
      '<style>@property --c{syntax:"*";inherits:false;initial-value:red}</style><path fill="var(--c)"/>',
      '<path fill="#ff0000"/>',
    ],
    [
      'a shorthand in a variable',
      '<style>svg{--f:bold 30px serif}text{font:var(--f)}</style><text>a</text>',
      '<text font-style="normal" font-variant="normal" font-weight="bold" font-stretch="normal" font-size="30" font-family="DejaVu Serif">a</text>',
    ],
    [
      'lengths in sheets need a unit, in style attributes they do not',
      '<style>rect{width:5}</style><rect width="9"/><rect style="width:5" width="9"/>',
      '<rect width="9"/><rect width="5"/>',
    ],
    [
      'an invalid transform leaves that of the attribute',
      '<path transform="scale(2)" style="transform:turn(3)"/>',
      '<path transform="scale(2)"/>',
    ],
    [
      'a shadow of a filtered picture',
      '<filter id="f"><feGaussianBlur stdDeviation="1"/><feDropShadow dx="1" dy="1" flood-color="red"/></filter><path filter="url(#f)"/>',
      '<filter id="i0"><feGaussianBlur stdDeviation="1" result="td1"/><feGaussianBlur in="td1" stdDeviation="2"/><feOffset dx="1" dy="1" result="td1o"/><feFlood flood-color="#ff0000"/><feComposite in2="td1o" operator="in" result="td1s"/><feMerge><feMergeNode in="td1s"/><feMergeNode in="td1"/></feMerge></filter><path filter="url(#i0)"/>',
    ],
    [
      'a mask of a gradient',
      '<rect width="9" height="9" style="mask-image:linear-gradient(to right,#000,transparent)"/>',
      '<rect width="9" height="9" mask="url(#i1)"/><linearGradient gradientUnits="userSpaceOnUse" x1="0" y1="4.5" x2="9" y2="4.5" id="i0"><stop offset="0" stop-color="#000000" stop-opacity="1"/><stop offset="1" stop-color="#000000" stop-opacity="0"/></linearGradient><mask x="0" y="0" width="9" height="9" maskUnits="userSpaceOnUse" mask-type="alpha" id="i1"><rect x="0" y="0" width="9" height="9" stroke="none" fill="url(#i0)" fill-opacity="1"/></mask>',
    ],
    [
      'four corners of an inset',
      '<rect width="90" height="90" style="clip-path:inset(0 round 9px 0)"/>',
      '<rect width="90" height="90" clip-path="url(#i0)"/><clipPath id="i0"><path d="M9 0H90L90 0V81A9 9 0 0 1 81 90H0L0 90V9A9 9 0 0 1 9 0z"/></clipPath>',
    ],
    [
      'dashes by the length that a used path states',
      '<defs><path id="a" d="M0 0H50" pathLength="100"/></defs><use href="#a" stroke-dasharray="60 40"/>',
      '<defs><path d="M0 0H50" stroke-dasharray="30 20" id="i0"/></defs><use stroke-dasharray="60 40" href="#i0"/>',
    ],
    [
      'the size of a use of a group',
      '<g id="a"/><use href="#a" width="0" height="0"/>',
      '<g id="i0"/><use href="#i0"/>',
    ],
    [
      'markers have no keywords',
      '<marker id="m" refX="left" refY="center"><path/></marker><path d="M0 0H9" marker-end="url(#m)"/>',
      '<g><path d="M0 0H9"/><use transform="matrix(1 0 0 1 9 0)" href="#i1"/></g><clipPath id="i0"><rect x="0" y="0" width="3" height="3"/></clipPath><defs><g clip-path="url(#i0)" id="i1"><g><path/></g></g></defs>',
    ],
    [
      'turned in space, drawn flat',
      '<g style="transform:perspective(9px) rotateX(60deg)"/><g style="rotate:y 60deg;scale:1 2 3"/><g style="transform:rotate3d(1,1,0,180deg);transform-origin:1px 0 5px"/><g style="transform:rotateY(90deg) translateZ(5px)"/>',
      '<g transform="matrix(1 0 0 0.5 0 0)"/><g transform="matrix(0.5 0 0 2 0 0)"/><g transform="matrix(0 1 1 0 1 -1)"/><g transform="matrix(0 0 0 1 5 0)"/>',
    ],
    [
      'a word in any case is important',
      '<style>path{fill:red!IMPORTANT}</style><path style="fill:blue"/>',
      '<path fill="#ff0000"/>',
    ],
    [
      'a letter that no font has is the box of the first font',
      '<text font-size="2048">\u0083\ufe0f</text>',
      '<g><path d="M102 362L102 -1444L1126 -1444L1126 362ZM217 248L1012 248L1012 -1329L217 -1329Z"/></g>',
    ],
    [
      'a rule in a scope, without its limit',
      '<style>@scope (.a) to (.b){path{fill:red}:scope{fill:blue}}</style><path/><g class="a"><path/><g class="b"><path/></g></g>',
      '<path/><g fill="#0000ff"><path fill="#ff0000"/><g><path/></g></g>',
    ],
    [
      'of two scopes the nearer one',
      '<style>@scope (.a){path{fill:red}}@scope (.b){path{fill:blue}}</style><g class="b"><g class="a"><path/></g></g>',
      '<g><g><path fill="#ff0000"/></g></g>',
    ],
    [
      'a clip path of commands',
      '<rect x="1" width="10" height="10" style="clip-path:shape(evenodd from 0 0,hline to 50%,curve by 1px 2px with 3px 4px,arc to 0 100% of 5px cw,close)"/>',
      '<rect x="1" width="10" height="10" clip-path="url(#i0)"/><clipPath id="i0"><path d="M1 0H6q3 4 1 2A5 5 0 0 1 1 10z" clip-rule="evenodd"/></clipPath>',
    ],
    [
      'a place on a path',
      '<path style="offset:path(\'M0 0V8\') 50%"/><path style="offset-path:path(\'M0 0V8\');offset-rotate:0deg"/>',
      '<path transform="matrix(0 1 -1 0 0 4)"/><path/>',
    ],
    [
      'nothing of a view without a side',
      '<svg viewBox="0 0 0 9"><path/></svg><symbol id="a" viewBox="0 0 9 0"><path/></symbol><use href="#a"/>',
      '<svg viewBox="0 0 0 9"/><symbol viewBox="0 0 9 0" id="i0"/><use href="#i0"/>',
    ],
    [
      'deprecated system colours',
      '<path fill="ThreeDFace" stroke="InfoText"/>',
      '<path fill="#efefef" stroke="#000000"/>',
    ],
  ])('%s', (_, body, expected) => check(doc(body), { body: expected }))

  test('gradients in linear RGB have stops between their own', async () => {
    const stops = '<stop/><stop offset="1" stop-color="#fff"/>'
    const input = doc(
      `<linearGradient id="g" color-interpolation="linearRGB">${stops}</linearGradient><path fill="url(#g)"/>`,
    )
    await check(input, {})
    expect(await outcome(input)).toHaveProperty('svg', expect.stringContaining('offset="0.5" stop-color="#bcbcbc"'))
  })
})

describe('the cascade', () => {
  test.each<[string, string, string, string]>([
    ['names, classes, ids', 'path{fill:red}.a{fill:lime}#a{fill:blue}', '<path id="a" class="a"/>', '#0000ff'],
    ['order', '.a{fill:red}.b{fill:blue}', '<path class="b a"/>', '#0000ff'],
    ['an attribute is weaker than any rule', '*{fill:blue}', '<path fill="red"/>', '#0000ff'],
    ['the style attribute is stronger', '#a{fill:red}', '<path id="a" style="fill:blue"/>', '#0000ff'],
    ['!important is stronger still', 'path{fill:blue!important}', '<path style="fill:red"/>', '#0000ff'],
    ['what is not valid falls back', 'path{fill:blue;fill:nocolor}', '<path/>', '#0000ff'],
    ['comments', '/* path{ */ path{fill:/**/blue}', '<path/>', '#0000ff'],
    ['ancient wrappers', '<![CDATA[<!-- path{fill:blue} -->]]>', '<path/>', '#0000ff'],
    ['what the end leaves open', 'path{fill:blue', '<path/>', '#0000ff'],
    [':is and :where', ':where(#a,g) .b{fill:red}:is(path,#z).b{fill:blue}', '<path class="b"/>', '#0000ff'],
    [':not', 'path:not(.b){fill:blue}', '<path class="a"/>', '#0000ff'],
    [
      'a namespace',
      '@namespace s url(http://www.w3.org/2000/svg);@namespace h "http://www.w3.org/1999/xhtml";s|path{fill:blue}*|svg *|path{stroke:red}h|path{fill:red}',
      '<path/>',
      '#0000ff',
    ],
    ['a namespace that nobody declared', 'path{fill:blue}s|path{fill:red}', '<path/>', '#0000ff'],
    [':has', 'svg:has(path) path{fill:blue}', '<path/>', '#0000ff'],
    [
      'states that never are',
      '.a:hover,.a{fill:blue}.a:focus{fill:red}a:link path{fill:red}',
      '<path class="a"/>',
      '#0000ff',
    ],
    ['an unknown selector spoils its list', '.a{fill:blue}.a,.a:nosuch{fill:red}', '<path class="a"/>', '#0000ff'],
    ['nesting', 'svg{path{fill:red}&amp; > path{fill:blue}}', '<path/>', '#0000ff'],
    ['layers are weaker than none', '@layer x{#a{fill:red}}path{fill:blue}', '<path id="a"/>', '#0000ff'],
    [
      'later layers are stronger',
      '@layer x,y;@layer y{path{fill:blue}}@layer x{#a{fill:red}}',
      '<path id="a"/>',
      '#0000ff',
    ],
    [
      '@media screen',
      '@media screen and (min-width:1px){path{fill:blue}}@media print{path{fill:red}}',
      '<path/>',
      '#0000ff',
    ],
    [
      'a light screen',
      '@media (prefers-color-scheme:light){path{fill:blue}}@media (prefers-color-scheme:dark){path{fill:red}}',
      '<path/>',
      '#0000ff',
    ],
    ['@supports', '@supports (fill:red) and (not (fill:nocolor)){path{fill:blue}}', '<path/>', '#0000ff'],
    ['variables', ':root{--a:blue}path{fill:var(--a)}', '<path/>', '#0000ff'],
    ['fallbacks of variables', 'path{fill:var(--a,var(--b,blue))}', '<path/>', '#0000ff'],
    ['variables that are not there', 'path{fill:red;fill:var(--a)}', '<g fill="blue"><path/></g>', ''],
    ['variables in attributes', ':root{--a:blue}', '<path fill="var(--a)"/>', '#0000ff'],
    ['initial', 'path{fill:initial}', '<path fill="red"/>', '#000000'],
    ['unset', 'path{fill:unset}', '<path fill="red"/>', ''],
  ])('%s', async (_, css, body, expected) => {
    const result = await outcome(doc(`<style>${css}</style>${body}`))
    const svg = typeof result === 'string' ? result : result.svg
    expect(/<path(?: fill="([^"]*)")?/.exec(svg)?.[1] ?? '').toBe(expected)
    await expectClean(svg)
  })
})

describe('colours', () => {
  test.each([
    ['#F0f', 'fill="#ff00ff"'],
    ['RebeccaPurple', 'fill="#663399"'],
    ['rgb(0, 128, 255)', 'fill="#0080ff"'],
    ['rgba(0,128,255,.5)', 'fill="#0080ff" fill-opacity="0.50196078"'],
    ['rgb(0 50% 100% / 25%)', 'fill="#0080ff" fill-opacity="0.25098039"'],
    ['hsl(120deg 100% 50%)', 'fill="#00ff00"'],
    ['hwb(240 0% 0%)', 'fill="#0000ff"'],
    ['oklch(60% .15 145)', 'fill="#3a9742"'],
    ['color(display-p3 1 0 0)', 'fill="#ff0000"'],
    ['color-mix(in srgb, red, blue)', 'fill="#800080"'],
    ['rgb(from #2e7d32 r g b / 50%)', 'fill="#2e7d32" fill-opacity="0.50196078"'],
    ['light-dark(lime, red)', 'fill="#00ff00"'],
    ['CanvasText', 'fill="#000000"'],
    ['CURRENTCOLOR', 'fill="currentColor"'],
    ['url(#nowhere) lime', 'fill="#00ff00"'],
    ['url(#nowhere)', 'fill="none"'],
    ['ff0000', ''],
    ['#ggg', ''],
    ['nocolor', ''],
  ])('%s', (color, expected) =>
    check(doc(`<path fill="${color}"/>`), { body: `<path${expected === '' ? '' : ` ${expected}`}/>` }),
  )

  test('alpha and opacity multiply, own and inherited ones', () =>
    check(doc('<g fill="#ff000080"><path fill-opacity=".5"/><path fill="blue"/></g>'), {
      body: '<g fill="#ff0000" fill-opacity="0.50196078"><path fill-opacity="0.25098039"/><path fill="#0000ff" fill-opacity="1"/></g>',
    }))

  test('an invalid one has a code', () => check(doc('<path fill="nocolor"/>'), { warnings: ['UNKNOWN_COLOR'] }))
})

describe('lengths and positions', () => {
  test.each([
    ['<rect x="1in" y="1pc" width="10%" height="2em"/>', '<rect x="96" y="16" width="0.9" height="32"/>'],
    ['<rect width="calc(100% - 1px)" height="max(1px, 2px)"/>', '<rect width="8" height="2"/>'],
    ['<rect style="x:1px;y:2px;width:3px;height:4px"/>', '<rect x="1" y="2" width="3" height="4"/>'],
    ['<rect width="-1" height="nan"/>', '<rect/>'],
    ['<circle style="cx:1px;r:2px"/>', '<circle cx="1" r="2"/>'],
    ['<path style="d:path(\'M0 0h1\')"/>', '<path d="M0 0h1"/>'],
    [
      '<g font-size="10"><rect width="2em" font-size="2em"/></g>',
      '<g font-size="10"><rect width="40" font-size="20"/></g>',
    ],
    ['<path d="M0 0h1 oops"/>', '<path d="M0 0h1"/>'],
    ['<path transform="rotate(9)"/>', '<path transform="rotate(9)"/>'],
    ['<path transform="rotate(9deg)"/>', '<path/>'],
    ['<path transform="scale(3)" style="transform:translate(1px,2px)"/>', '<path transform="matrix(1 0 0 1 1 2)"/>'],
    [
      '<rect width="4" height="2" style="transform-box:fill-box;transform-origin:center;rotate:90deg"/>',
      '<rect width="4" height="2" transform="matrix(0 1 -1 0 3 -1)"/>',
    ],
    ['<g transform="scale(-1 1)" transform-origin="center"/>', '<g transform="matrix(-1 0 0 1 9 0)"/>'],
    ['<line x2="10" pathLength="100" stroke-dasharray="50"/>', '<line x2="10" stroke-dasharray="5"/>'],
    [
      '<symbol id="s" width="5" height="4" viewBox="0 0 1 1"/><use href="#s"/>',
      '<symbol viewBox="0 0 1 1" id="i0"/><use width="5" height="4" href="#i0"/>',
    ],
  ])('%s', (body, expected) => check(doc(body), { body: expected }))
})

describe('differences between the engines', () => {
  test.each<[string, string, string]>([
    [
      'a marker stands at each vertex, in the colours of its shape',
      '<marker id="m" markerUnits="userSpaceOnUse" overflow="visible"><path d="M0 0h1" fill="context-stroke"/></marker><path d="M1 2h3" stroke="red" marker-start="url(#m)" marker-end="url(#m)"/>',
      '<g><path d="M1 2h3" stroke="#ff0000"/><use transform="matrix(1 0 0 1 1 2)" href="#i0"/><use transform="matrix(1 0 0 1 4 2)" href="#i0"/></g><defs><g id="i0"><g fill="#000000" stroke="none"><path d="M0 0h1" fill="#ff0000"/></g></g></defs>',
    ],
    [
      'filter functions are filters in sRGB',
      '<path style="filter:brightness(50%)"/>',
      '<path filter="url(#i0)"/><filter x="-1" y="-1" width="3" height="3" color-interpolation-filters="sRGB" id="i0"><feComponentTransfer><feFuncR type="linear" slope="0.5"/><feFuncG type="linear" slope="0.5"/><feFuncB type="linear" slope="0.5"/></feComponentTransfer></filter>',
    ],
    [
      'basic shapes are clip paths',
      '<rect width="4" height="4" clip-path="circle(50%)"/>',
      '<rect width="4" height="4" clip-path="url(#i0)"/><clipPath id="i0"><circle cx="2" cy="2" r="2"/></clipPath>',
    ],
    [
      'a path that clips keeps its letters and its rule',
      `<rect width="4" height="4" style="clip-path:path(evenodd,'M1 1h2v2z')"/>`,
      '<rect width="4" height="4" clip-path="url(#i0)"/><clipPath id="i0"><path d="M1 1h2v2z" clip-rule="evenodd" transform="translate(0 0)"/></clipPath>',
    ],
    [
      'blending is a style: no engine knows it as an attribute',
      '<path style="mix-blend-mode:multiply"/>',
      '<path style="mix-blend-mode:multiply"/>',
    ],
    [
      'HTML boxes',
      '<foreignObject style="mix-blend-mode:multiply" width="4" height="2"><div xmlns="http://www.w3.org/1999/xhtml" style="height:100%;background:#f00"/></foreignObject>',
      '<g style="mix-blend-mode:multiply"><rect x="0" y="0" width="4" height="2" stroke="none" fill="#ff0000" fill-opacity="1"/></g>',
    ],
    [
      'the paints of a use',
      '<g id="a"><path fill="context-fill" stroke="context-stroke"/></g><use href="#a" fill="red"/><use href="#a" stroke="blue"/>',
      '<g><path fill="none" stroke="none"/></g><use fill="#ff0000" href="#i0"/><use stroke="#0000ff" href="#i1"/>' +
        '<defs><g id="i0"><path fill="#ff0000" stroke="none"/></g></defs><defs><g id="i1"><path fill="#000000" stroke="#0000ff"/></g></defs>',
    ],
    [
      'the paints of a use in a use',
      '<path id="a" fill="context-fill"/><g id="b"><use href="#a" fill="context-stroke"/></g><use href="#b" stroke="red"/>',
      '<path fill="none"/><g><use fill="none" href="#i0"/></g><use stroke="#ff0000" href="#i1"/>' +
        '<defs><path fill="none" id="i0"/></defs><defs><g id="i1"><use fill="#ff0000" href="#i2"/></g></defs><defs><path fill="#ff0000" id="i2"/></defs>',
    ],
    [
      'the place and transform of a symbol',
      '<symbol id="s" x="1" y="2" transform="scale(2)" refX="3"/><use href="#s" x="4"/>',
      '<symbol id="i0"/><use x="1" y="2" transform="translate(4 0)scale(2)" href="#i0"/>',
    ],
    [
      'a nested svg at the size of its use',
      '<svg id="s" width="5" height="4"><path/></svg><use href="#s" x="1"/><use href="#s" width="9"/>',
      '<svg width="5" height="4"><path/></svg><use x="1" href="#i0"/><use href="#i1"/>' +
        '<defs><g id="i0"><svg width="5" height="4"><path/></svg></g></defs><defs><g id="i1"><svg width="9" height="4"><path/></svg></g></defs>',
    ],
    [
      'no mask of a mask',
      '<mask id="a"/><mask id="b" mask="url(#a)"/><path mask="url(#b)"/>',
      '<mask/><mask id="i0"/><path mask="url(#i0)"/>',
    ],
    ['space around a colour', '<path fill=" #0a0 "/>', '<path fill="#00aa00"/>'],
    [
      'CSS wants units in transforms',
      '<path style="transform:rotate(30)"/><path transform="rotate(30)"/>',
      '<path/><path transform="rotate(30)"/>',
    ],
    [
      'no address without quotes has spaces',
      '<linearGradient id="a b"><stop/></linearGradient><path fill="url(#a b)"/>',
      '<linearGradient><stop/></linearGradient><path/>',
    ],
    [
      'a document in the document that says nothing of its ratio is stretched',
      `<image height="8" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='4' height='2'/%3E"/>`,
      '<g><svg viewBox="0 0 4 2" width="16" height="8" preserveAspectRatio="none" font-size="16"/></g>',
    ],
    [
      'variables of the place where a symbol is used',
      '<symbol id="s"><path fill="var(--c)"/></symbol><use href="#s" style="--c:red"/>',
      '<symbol><path/></symbol><use href="#i0"/><defs><symbol id="i0"><path fill="#ff0000"/></symbol></defs>',
    ],
    [
      'an SVG in a data URI is a document of its own',
      `<g fill="red"><image width="5" height="5" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'%3E%3Cpath d='M0 0h1'/%3E%3C/svg%3E"/></g>`,
      '<g fill="#ff0000"><g><svg viewBox="0 0 1 1" width="5" height="5" fill="#000000" font-size="16"><path d="M0 0h1"/></svg></g></g>',
    ],
  ])('%s', (_, body, expected) => check(doc(body), { body: expected }))

  test('letters of HTML are text', async () => {
    const result = await outcome(
      doc('<foreignObject width="90" height="9"><p xmlns="http://www.w3.org/1999/xhtml">a b</p></foreignObject>'),
    )
    expect(typeof result === 'string' ? result : result.text).toBe('a b')
  })

  test.each<[string, string, string[]]>([
    ['words wrap', '<div style="font-size:10px">one two three four</div>', ['0 9 one two', '0 20 three four']],
    [
      'words that touch do not',
      '<div style="font-size:10px">one two<b>three</b></div>',
      ['0 9 one', '0 20 two', '18.22 20 three'],
    ],
    ['text is centred', '<p style="margin:0;font-size:10px;text-align:center">ab</p>', ['23.76 9 ab']],
    ['margins meet', '<div style="font-size:10px"><p>a</p><p>b</p></div>', ['0 19 a', '0 40 b']],
    ['by a class', '<style>.a{font-size:10px;padding:5px}</style><div class="a">a</div>', ['5 14 a']],
    ['a list', '<ol style="font-size:10px;margin:0;padding-left:20px"><li>a</li></ol>', ['7.28 9 1. ', '20 9 a']],
    ['a flex box', '<div style="font-size:10px;display:flex;gap:4px"><i>a</i><i>b</i></div>', ['0 9 a', '10.14 9 b']],
    [
      'a table',
      '<table style="font-size:10px"><tr><td>ab</td><td>c</td></tr><tr><td>d</td></tr></table>',
      ['3 12 ab', '19.48 12 c', '3 27 d'],
    ],
  ])('HTML is laid out: %s', async (_, html, expected) => {
    const inside = `<body xmlns="http://www.w3.org/1999/xhtml" style="margin:0">${html}</body>`
    const result = await outcome(doc(`<foreignObject width="60" height="90">${inside}</foreignObject>`))
    const letters =
      typeof result === 'string' ? [] : [...result.svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)/g)]
    expect(letters.map(([, x, y, text]) => `${Number(Number(x).toFixed(2))} ${Math.round(Number(y))} ${text}`)).toEqual(
      expected,
    )
  })

  test('HTML that takes a layout engine is left out, and says so', () =>
    check(doc('<foreignObject><canvas xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>'), {
      body: '<g/>',
      warnings: ['FOREIGN_OBJECT'],
    }))
})

describe('filters, gradients and what is not displayed', () => {
  const filtered = (inside: string) => `<filter id="f">${inside}</filter><path filter="url(#f)"/>`
  const printed = (inside: string) => `<filter id="i0">${inside}</filter><path filter="url(#i0)"/>`
  const clear = '<feFlood flood-opacity="0"/>'

  test.each<[string, string, string]>([
    [
      'an input that is not there is the step before',
      '<feOffset in="BackgroundImage" dx="1"/><feFlood result="a"/><feMerge><feMergeNode in="a"/><feMergeNode in="b"/></feMerge>',
      '<feOffset dx="1"/><feFlood result="a"/><feMerge><feMergeNode in="a"/><feMergeNode/></feMerge>',
    ],
    [
      'nor are later steps there',
      '<feBlend in="FillPaint" in2="a"/><feFlood result="a"/>',
      '<feBlend/><feFlood result="a"/>',
    ],
    ['a matrix of another size than its order is clear', '<feConvolveMatrix order="2" kernelMatrix="1 1 1"/>', clear],
    ['and one that is aimed beside itself', '<feConvolveMatrix targetX="3" kernelMatrix="1 1 1 1 1 1 1 1 1"/>', clear],
    ['noise without a frequency', '<feTurbulence baseFrequency="0.1 -0.1"/>', clear],
    ['nothing is lit without a light', '<feDiffuseLighting result="a"/>', '<feFlood result="a" flood-opacity="0"/>'],
    [
      'the first light is the one, within bounds',
      '<feSpecularLighting specularConstant="-1" specularExponent="0"><feSpotLight specularExponent="999" limitingConeAngle="0"/><fePointLight/></feSpecularLighting>',
      '<feSpecularLighting specularConstant="0" specularExponent="1"><feSpotLight specularExponent="128"/></feSpecularLighting>',
    ],
  ])('%s', (_, inside, expected) => check(doc(filtered(inside)), { body: printed(expected) }))

  test.each<[string, string, string]>([
    [
      'an empty region hides',
      '<filter id="f" width="-1"><feOffset/><feFlood/></filter><path filter="url(#f)"/>',
      `<filter id="i0">${clear}</filter><path filter="url(#i0)"/>`,
    ],
    [
      'lengths of filter functions have a unit',
      '<path filter="blur(4)"/><path style="filter:blur(4%)"/><path style="filter:drop-shadow(1 2)"/>',
      '<path/><path/><path/>',
    ],
    [
      'but those of a shadow in an attribute',
      '<path filter="drop-shadow(1 2)"/>',
      '<path filter="url(#i0)"/><filter x="-1" y="-1" width="3" height="3" color-interpolation-filters="sRGB" id="i0"><feDropShadow dx="1" dy="2" stdDeviation="0" flood-color="#000000" flood-opacity="1"/></filter>',
    ],
    [
      'a radius of nothing is the last stop',
      '<radialGradient id="a" r="0" fr="-1"><stop/><stop offset="1" stop-color="red"/></radialGradient><path fill="url(#a)"/>',
      '<radialGradient id="i0"><stop offset="0" stop-color="#ff0000"/></radialGradient><path fill="url(#i0)"/>',
    ],
    [
      'of which another gradient has the stops',
      '<linearGradient id="a"><stop stop-color="red"/></linearGradient><radialGradient id="b" r="-1" href="#a"/><path fill="url(#b)"/>',
      '<linearGradient id="i0"><stop stop-color="#ff0000"/></linearGradient><radialGradient href="#i0" id="i1"><stop stop-color="#ff0000" offset="0"/></radialGradient><path fill="url(#i1)"/>',
    ],
    [
      'a gradient without stops is there all the same',
      '<linearGradient id="a"/><path fill="url(#a) red"/><path fill="url(#b) red"/>',
      '<linearGradient/><path fill="none"/><path fill="#ff0000"/>',
    ],
    [
      'there is nothing to refer to where it is not displayed, but to use',
      '<g display="none"><linearGradient id="a"><stop/></linearGradient><clipPath id="b"/><rect id="c"/></g><path fill="url(#a)" clip-path="url(#b)"/><use href="#c"/>',
      '<g display="none"><rect id="i0"/></g><path fill="none"/><use href="#i0"/>',
    ],
    [
      'definitions are in one language',
      '<defs systemLanguage="de"><linearGradient id="a"><stop/></linearGradient></defs><path fill="url(#a)"/>',
      '<path fill="none"/>',
    ],
    [
      'a mask is not masked',
      '<mask id="a"/><mask id="b" mask="url(#a)"/><path mask="url(#b)"/>',
      '<mask/><mask id="i0"/><path mask="url(#i0)"/>',
    ],
    [
      'the current colour is that of where it is drawn',
      '<g fill="currentColor"><path color="red"/></g>',
      '<g fill="currentColor"><path color="#ff0000" fill="currentColor"/></g>',
    ],
  ])('%s', (_, body, expected) => check(doc(body), { body: expected }))

  test('an outermost svg is displayed', () => check(doc('<path/>', `${BOX} display="none"`), { body: '<path/>' }))

  test.each<[string, string, readonly Feature[]]>([
    [
      'a clip path of several shapes by the odd rule',
      '<clipPath id="a"><path clip-rule="evenodd"/><path/></clipPath><path clip-path="url(#a)"/>',
      ['clip-complex', 'clipPath'],
    ],
    [
      'one of one shape',
      '<clipPath id="a"><path clip-rule="evenodd"/></clipPath><path clip-path="url(#a)"/>',
      ['clipPath'],
    ],
    ['a blur that is cut, far from the corner', filtered('<feGaussianBlur x="50"/>'), ['blur-region', 'filter']],
    [
      'a filter many documents wide',
      '<filter id="f" width="99"><feFlood/></filter><path filter="url(#f)"/>',
      ['filter', 'filter-region'],
    ],
  ])("%s is told to the engines' choice", (_, body, features) => check(doc(body), { features }))
})

describe('an animated document', () => {
  test.each([
    [
      'rests where it freezes',
      '<path opacity="0"><animate attributeName="opacity" to="1" dur="1s" fill="freeze"/></path>',
      'opacity="1"',
    ],
    [
      'is a quarter through its loop',
      '<path opacity="0"><animate attributeName="opacity" values="0;1;0" dur="2s" repeatCount="indefinite"/></path>',
      'opacity="0.5"',
    ],
    [
      'rests in its last keyframe',
      '<style>@keyframes a{to{opacity:1}}path{opacity:0;animation:a 1s forwards}</style><path/>',
      'opacity="1"',
    ],
    [
      'has come to the end of its way',
      '<path><animateMotion path="M1 2h3" dur="1s" fill="freeze"/></path>',
      'transform="translate(4 2)"',
    ],
    [
      'is on its way along another path',
      '<path id="a" d="M0 0v8"/><path><animateMotion dur="4s" repeatCount="indefinite" rotate="auto"><mpath href="#a"/></animateMotion></path>',
      'transform="translate(0 2) rotate(90)"',
    ],
    [
      'turns',
      '<path><animateTransform attributeName="transform" type="rotate" from="0" to="90" dur="1s" fill="freeze"/></path>',
      'transform="rotate(90)"',
    ],
  ])('%s', async (_, body, expected) => {
    const source = Buffer.from(doc(body))
    const [first, later] = [await normalise(source), await normalise(source, 'quarter')]
    expect(first.warnings).toEqual(['ANIMATION'])
    expect(first.svg).not.toContain(expected)
    expect(later.svg).toContain(expected)
    await expectClean(later.svg)
  })
})

describe('the root is a CSS box', () => {
  test.each([
    [
      'style="background:red"',
      '<rect x="0" y="0" width="512" height="512" stroke="none" fill="#ff0000" fill-opacity="1"/><g>SCALED</g>',
    ],
    ['transform="scale(-1 1)"', '<g transform="matrix(-1 0 0 1 512 0)"><g>SCALED</g></g>'],
    ['opacity=".5"', '<g opacity=".5">SCALED</g>'],
    [
      'style="border-radius:10px 0"',
      '<clipPath id="i0"><path d="M10 0H512L512 0V502A10 10 0 0 1 502 512H0L0 512V10A10 10 0 0 1 10 0z"/></clipPath><g><g clip-path="url(#i0)">SCALED</g></g>',
    ],
    ['style="display:none"', '<path/>'],
  ])('%s', (attributes, expected) =>
    check(doc('<path/>', `${BOX} ${attributes}`), {
      body: expected.replace('SCALED', '<g transform="matrix(56.888889 0 0 56.888889 0 0)"><path/></g>'),
    }),
  )
})

describe('external resources, scripts and animations are left out, with a warning', () => {
  test.each<[string, string, string, Warning[]]>([
    ['a file', '<image xlink:href="/dev/zero"/>', '', ['EXTERNAL_REFERENCE']],
    ['a use elsewhere', '<use href="a.svg#b"/>', '', ['EXTERNAL_REFERENCE']],
    [
      'a paint elsewhere',
      '<path fill="url(//x#a)" stroke="url(x) red"/>',
      '<path fill="none" stroke="#ff0000"/>',
      ['EXTERNAL_REFERENCE'],
    ],
    ['an escape', '<path style="fill:u\\72l(x)" stroke="\\75rl(x)"/>', '<path/>', ['UNKNOWN_COLOR']],
    ['an import', '<style>@import "a";path{fill:red}</style><path/>', '<path fill="#ff0000"/>', ['EXTERNAL_REFERENCE']],
    [
      'but not the font of CorelDRAW',
      '<style>@font-face{font-family:Arial;src:url("#FontID0") format(svg)}path{fill:red}</style><path/>',
      '<path fill="#ff0000"/>',
      [],
    ],
    [
      'nor an embedded one',
      '<style>@font-face{font-family:A;src:url(data:font/woff2;base64,AA)}</style><path/>',
      '<path/>',
      [],
    ],
    ['nor an id in quotes', '<g id="a(b) c"/><use href="#a(b) c"/>', '<g id="i0"/><use href="#i0"/>', []],
    [
      'and the blur of Figma is no script',
      '<foreignObject width="9" height="9"><div xmlns="http://www.w3.org/1999/xhtml" style="backdrop-filter:blur(2px);height:100%;width:100%"></div></foreignObject><path data-figma-bg-blur-radius="4"/>',
      '<g/><path/>',
      [],
    ],
    ['an open url', '<style>path{fill:url(a</style><path/>', '<path fill="none"/>', ['EXTERNAL_REFERENCE']],
    ['a script', '<script>1</script><path onclick="1"/>', '<path/>', ['SCRIPT']],
    ['movement', '<path><animate attributeName="d"/></path><set/>', '<path/>', ['ANIMATION']],
    ['a loop', '<g id="a"><use href="#a"/></g>', '<g/>', ['CYCLE']],
    [
      'a loop through a class',
      '<style>.a{mask:url(#m)}</style><mask id="m"><path class="a"/></mask>',
      '<mask><path/></mask>',
      ['CYCLE'],
    ],
    [
      'nothing',
      '<path fill="url(#a)" filter="url(#b)" mask="url(#c)"/><use href="#d"/>',
      '<path fill="none"/>',
      ['DEAD_REFERENCE'],
    ],
    ['a rule for nobody', '<style>path:nosuch{fill:red}</style><path/>', '<path/>', ['RULE_DROPPED']],
    [
      'a rule for some children',
      '<style>path:nth-of-type(2 of .a){fill:red}</style><path/>',
      '<path/>',
      ['RULE_DROPPED'],
    ],
    [
      'octaves',
      '<filter id="f"><feTurbulence numOctaves="99"/></filter><path filter="url(#f)"/>',
      '<filter id="i0"><feTurbulence numOctaves="10"/></filter><path filter="url(#i0)"/>',
      ['CLAMPED'],
    ],
  ])('%s', (_, body, expected, warnings) => check(doc(body), { body: expected, warnings }))
})

test("an embedded picture's type follows from its bytes", async () => {
  const gif = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'
  const result = await outcome(
    doc(`<image href="data:image/jpeg;base64, ${gif.slice(0, 20)}&#10;${gif.slice(20)}" width="5" height="4"/>`),
  )
  if (typeof result === 'string') expect.unreachable(result)
  expect(result.svg).toMatch(/<image width="5" height="4" href="data:image\/png;base64,[\w+/=]+"\/>/)
  expect([[...result.features], result.warnings]).toEqual([['image'], []])
})

describe('size', () => {
  test.each<[string, readonly [number, number] | ErrorCode]>([
    ['width="24" height="12"', [24, 12]],
    ['width="1in" height="2.54cm"', [96, 96]],
    ['width="12" viewBox="0 0 24 12"', [12, 6]],
    ['viewBox="0,0,24,12"', [24, 12]],
    ['width="100%" height="100%" viewBox="0 0 24 12"', [24, 12]],
    ['width="NaN" height="1e400"', [512, 512]],
    ['width="-1" height="0" viewBox="0 0 0 9"', [512, 512]],
    ['', [512, 512]],
    ['width="40"', [40, 40]],
    ['style="width:24px;height:12px"', [512, 512]],
    ['width="12" viewBox="0 0 24 12" preserveAspectRatio="none"', [12, 12]],
    ['width="1000000" height="500000"', [1_000_000, 500_000]],
    ['viewBox="0 0 1 1000000"', 'TOO_LARGE'],
    ['width="1e300"', 'TOO_LARGE'],
    ['viewBox="0 0 1e-30 1e-30"', 'TOO_LARGE'],
  ])('%s', (attributes, expected) =>
    check(doc('<path/>', attributes), typeof expected === 'string' ? { code: expected } : { size: expected }),
  )

  test('the emitted root is never above 4096 px and keeps what it shows', async () => {
    const { svg } = await normalise(Buffer.from(doc('', 'width="1000000" height="500000"')))
    expect(svg).toContain('width="4096" height="2048" viewBox="0 0 1000000 500000"')
  })

  test('no rule states it', () => check(doc('<style>svg{width:24px;fill:red}*{height:12px}</style>'), { size: [9, 9] }))
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
    ['a label that nobody knows', Buffer.from(latin.replace('ISO-8859-1', 'UTF_8'))],
    ['XML 1.1', Buffer.from(latin.replace('1.0', '1.1').replace('ISO-8859-1', 'UTF-8'))],
    ['NULs at the end', Buffer.from(`${doc('<text>é</text>')}\0\0`)],
    ['text behind the root', Buffer.from(`${doc('<text>é</text>')}<br>&nope; `)],
  ])('%s', (_, bytes) => check(bytes, { body: '<text>é</text>' }))
})

describe('slightly invalid documents', () => {
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
    [
      'an entity with markup',
      `<!DOCTYPE svg [<!ENTITY a "<g><path d='M0 0'/></g>">]>${doc('&a;&a;')}`,
      { body: '<g><path d="M0 0"/></g><g><path d="M0 0"/></g>' },
    ],
    [
      'an entity in an entity',
      `<!DOCTYPE svg [<!ENTITY c "red"><!ENTITY a "fill:&c;">]>${doc('<path style="&a;"/>')}`,
      { body: '<path fill="#ff0000"/>' },
    ],
    [
      'quotes in an entity end no attribute',
      `<!DOCTYPE svg [<!ENTITY a '" onload="x'>]>${doc('<text>a</text><path fill="&a;"/>')}`,
      { body: '<text>a</text><path/>', warnings: ['TEXT', 'UNKNOWN_COLOR'] },
    ],
    [
      'an entity in CDATA is none',
      `<!DOCTYPE svg [<!ENTITY a "b">]>${doc('<text><![CDATA[&a;]]></text>')}`,
      { body: '<text>&amp;a;</text>' },
    ],
    ['HTML', '<!DOCTYPE html><html><svg/></html>', { code: 'NOT_SVG' }],
    ['JSON', '{}', { code: 'NOT_SVG' }],
    ['another namespace', '<svg xmlns="urn:x"/>', { code: 'NOT_SVG' }],
    ['ill-formed', '<svg><g></svg>', { code: 'UNSUPPORTED' }],
    ['an unknown entity', '<svg>&nbsp;</svg>', { code: 'UNSUPPORTED' }],
  ])('%s', (_, input, expected) => check(input, expected))
})

describe('large legitimate art passes', () => {
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
      `<filter id="f"><feOffset dy="2"/><feGaussianBlur stdDeviation="2"/><feBlend/></filter>${'<path filter="url(#f)" d="M1 1h1v1z"/>'.repeat(300)}`,
    ],
    [
      '60 nested clips',
      `<clipPath id="c"><path/></clipPath>${'<g clip-path="url(#c)">'.repeat(60)}${'</g>'.repeat(60)}`,
    ],
    ['105,000 shapes', '<path d="M0 0h1"/>'.repeat(105_000)],
    ['a map of 1,000,000 segments', `<path d="M0 0${'h1v1'.repeat(500_000)}"/>`],
    [
      '3,000 classes on 14,000 shapes',
      `<style>${Array.from({ length: 3000 }, (_, i) => `.c${i}{fill:#${String(i).padStart(6, '0')}}`).join('')}</style>${Array.from({ length: 14_000 }, (_, i) => `<path class="c${i % 3000}"/>`).join('')}`,
    ],
    ['10,000 shapes in a row', `<style>path+path{fill:red}</style>${'<path/>'.repeat(10_000)}`],
  ])('%s', async (_, body) => {
    const result = await outcome(doc(body))
    expect(typeof result === 'string' ? result : [...result.warnings]).toEqual([])
  })
})

test('printing the demo icons is idempotent', async () => {
  for (const set of ['lucide', 'twemoji', 'circle-flags']) {
    const file = path.join(import.meta.dirname, '..', 'node_modules', '@iconify-json', set, 'icons.json')
    const icons: Record<string, { body: string }> = JSON.parse(readFileSync(file, 'utf8')).icons
    for (const { body } of Object.values(icons).filter((_, index) => index % 8 === 0)) {
      // Two twemoji repeat the default namespace on a child.
      const svg = `<svg ${NS} ${BOX}>${body.replaceAll(` ${NS}`, '')}</svg>`
      const result = await normalise(Buffer.from(svg))
      expect(result.warnings).toEqual([])
      expect((await normalise(Buffer.from(result.svg))).svg).toBe(result.svg)
    }
  }
})
