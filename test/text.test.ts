import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { normalise } from '../src/render/child/normalise/normalise.ts'
import { svg } from './support/setup.ts'

const printed = async (body: string) => (await normalise(Buffer.from(svg(body)))).svg

/** Positions of the outlines that a text became: the first point of each contour. */
const starts = (document: string) =>
  [...document.matchAll(/M([\d.-]+) ([\d.-]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const)

const MONO = 'font-family="monospace" font-size="10"'
/** The advance of a letter of DejaVu Sans Mono, in em. */
const ADVANCE = 1233 / 2048

describe('text', () => {
  it.each([
    ['capitals', 'style="text-transform:uppercase"', 'straße x', '>STRASSE X<'],
    ['small letters', 'style="text-transform:lowercase"', 'ABC', '>abc<'],
    ['first letters', 'style="text-transform:capitalize"', "a man's hat", ">A Man's Hat<"],
    ['spaces as they are', 'style="white-space:pre"', 'a   b', 'xml:space="preserve" font-family="DejaVu Sans">a   b<'],
    ['the light face', 'font-family="No Such, sans-serif" font-weight="300"', 'a', 'font-family="DejaVu Sans Light"'],
    [
      'the light face of a part',
      '',
      'a<tspan font-family="sans-serif" font-weight="300">b</tspan>',
      '<tspan font-family="DejaVu Sans Light" font-weight="200">b',
    ],
    ['the condensed face', 'style="font-stretch:75%"', 'a', 'font-stretch="condensed"'],
    ['the bundled family', `font-family="'Myriad Pro', serif"`, 'a', 'font-family="DejaVu Serif"'],
    [
      'small capitals',
      'font-size="10" font-variant="small-caps"',
      'Ab',
      'A<tspan font-size="7" font-variant="normal">B</tspan>',
    ],
  ])('is printed with %s', async (_name, attributes, letters, expected) => {
    expect(await printed(`<text ${attributes}>${letters}</text>`)).toContain(expected)
  })

  it('that librsvg supports stays text', async () => {
    expect(await printed('<text x="1" y="9" dx="2">plain <tspan font-weight="bold">bold</tspan></text>')).toContain(
      '<text',
    )
  })

  it('with a position for each letter becomes outlines at these positions', async () => {
    const document = await printed(`<text x="0 50 80" y="9" ${MONO}>lll</text>`)
    expect(document).not.toContain('<text')
    const [first, second, third] = starts(document)
    expect((second?.[0] ?? 0) - (first?.[0] ?? 0)).toBeCloseTo(50, 3)
    expect((third?.[0] ?? 0) - (first?.[0] ?? 0)).toBeCloseTo(80, 3)
  })

  it('is spread to its textLength, and spaced between words', async () => {
    const spread = starts(await printed(`<text textLength="50" y="9" ${MONO}>lll</text>`))
    const step = (50 - 3 * ADVANCE * 10) / 2 + ADVANCE * 10
    expect((spread[1]?.[0] ?? 0) - (spread[0]?.[0] ?? 0)).toBeCloseTo(step, 1)
    const spaced = starts(await printed(`<text word-spacing="20" y="9" ${MONO}>l l</text>`))
    expect((spaced[1]?.[0] ?? 0) - (spaced[0]?.[0] ?? 0)).toBeCloseTo(20 + 2 * ADVANCE * 10, 1)
  })

  it('has space behind each spaced letter, also before the next span and at its anchor', async () => {
    const next = starts(await printed(`<text y="9" ${MONO}><tspan letter-spacing="4">l</tspan>l</text>`))
    expect((next[1]?.[0] ?? 0) - (next[0]?.[0] ?? 0)).toBeCloseTo(4 + ADVANCE * 10, 1)
    const startOf = async (spacing: number) =>
      starts(
        await printed(`<text x="50" y="9" text-anchor="end" ${MONO} letter-spacing="${spacing}" rotate="0">ll</text>`),
      )[0]?.[0]
    const anchored = starts(await printed(`<text x="50" y="9" text-anchor="end" ${MONO} letter-spacing="4">ll</text>`))
    expect(anchored[0]?.[0]).toBeCloseTo(((await startOf(0)) ?? 0) - 2 * 4, 1)
    expect(await printed(`<text x="5" y="9" ${MONO} letter-spacing="4">ll</text>`)).toContain('<text')
  })

  it('on a path with broken data is an outline or left out, not a bug', async () => {
    const body = `<path id="p" d="M0 20H30Vx"/><text ${MONO}><textPath href="#p">l</textPath></text>`
    expect(await printed(body)).not.toContain('<textPath')
  })

  it('follows its path, anchored at its offset, and stops at its end', async () => {
    const path = '<path id="p" d="M0 20H30V100" fill="none"/>'
    const on = async (attributes: string, letters: string) => {
      const text = `<text ${MONO} ${attributes}><textPath href="#p" startOffset="15">${letters}</textPath></text>`
      return starts(await printed(path + text)).slice(1)
    }
    const [start] = await on('', 'l')
    const [middle] = await on('text-anchor="middle"', 'l')
    expect((start?.[0] ?? 0) - (middle?.[0] ?? 0)).toBeCloseTo((ADVANCE * 10) / 2, 1)
    const letters = await on('', 'l'.repeat(40))
    // 95 px of 110 remain, and a letter is drawn if its middle is on the path.
    expect(letters).toHaveLength(16)
    expect(letters.every(([x, y]) => x < 45 && y < 115)).toBe(true)
  })

  it('that is decorated has its lines a tenth of an em thick, also those of what is around it', async () => {
    const own = await printed(`<text y="20" ${MONO} text-decoration="underline">ll</text>`)
    expect(own).toContain(`M0 20.5H${Number((2 * ADVANCE * 10).toPrecision(8))}v1H0z`)
    expect(own).not.toContain('<text')
    const around = await printed(
      `<g text-decoration="line-through"><text y="20" ${MONO}>a<tspan fill="red">b</tspan></text></g>`,
    )
    expect(around.match(/H[\d.]+v1H0z/g)).toHaveLength(1)
  })

  it('hangs from its baseline, whatever the font does not say of itself', async () => {
    const y = async (attributes: string) =>
      starts(await printed(`<text y="20" font-size="10" text-decoration="underline" ${attributes}>l</text>`)).at(
        -1,
      )?.[1] ?? 0
    const plain = await y('')
    expect((await y('dominant-baseline="text-before-edge"')) - plain).toBeCloseTo(9.28, 2)
    expect((await y('dominant-baseline="middle"')) - plain).toBeCloseTo(2.73, 1)
    expect(await y('alignment-baseline="hanging"')).toBe(plain)
  })

  it('starts at a share of its path', async () => {
    const text = `<text ${MONO}><textPath href="#p" startOffset="50%">l</textPath></text>`
    const [, at] = starts(await printed(`<path id="p" d="M0 20H60"/>${text}`))
    const [, zero] = starts(await printed(`<path id="p" d="M0 20H60"/>${text.replace('50%', '0')}`))
    expect((at?.[0] ?? 0) - (zero?.[0] ?? 0)).toBeCloseTo(30, 1)
  })

  it('in an embedded font is drawn with its letters, also where only some are in it', async () => {
    const file = fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSansMono.ttf'))
    const face = `<style>@font-face{font-family:Own;src:url(data:font/ttf;base64,${readFileSync(file).toString('base64')})}</style>`
    const own = await printed(`${face}<text font-family="Own" font-size="10" y="9">ll</text>`)
    const [first, second] = starts(own)
    expect((second?.[0] ?? 0) - (first?.[0] ?? 0)).toBeCloseTo(ADVANCE * 10, 1)
    expect(own).not.toMatch(/<text|base64/)
  })

  it('in an invalid font is drawn in a bundled one', async () => {
    const file = fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSansMono.ttf'))
    // Without the table `head`, as in old files of Illustrator.
    const headless = Buffer.from(readFileSync(file).toString('latin1').replace('head', 'haed'), 'latin1').toString(
      'base64',
    )
    for (const font of ['AAEAAAAKAIAAAwAg', headless]) {
      const face = `<style>@font-face{font-family:Own;src:url(data:font/ttf;base64,${font})}</style>`
      expect(starts(await printed(`${face}<text font-family="Own" y="9">l</text>`)).length).toBe(1)
    }
  })
})
