import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { hashRecipe, type Preset } from '../src/core/variant.ts'
import { createRenderer } from '../src/render/child/render.ts'
import { svg } from './support/setup.ts'

const DOT = svg('<circle cx="12" cy="12" r="6" fill="currentColor"/>')

function preset(name: string, options: Partial<Preset> = {}): Preset {
  const definition = {
    width: 48,
    height: 48,
    background: null,
    padding: 0,
    fit: 'contain',
    color: null,
    watermark: null,
    encoding: 'auto',
    formats: ['PNG'],
    ...options,
  } as const
  return { name, ...definition, recipeHash: hashRecipe(definition) }
}

async function draw(source: string, options: Partial<Preset> = {}) {
  const rendered = await createRenderer([preset('one', options)])(Buffer.from(source), [
    { preset: 'one', format: 'PNG' },
  ])
  const { data, info } = await sharp(rendered.pictures[0]?.bytes)
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 4, (y * info.width + x) * 4 + 4)]
  return { ...rendered, at, width: info.width, height: info.height }
}

describe('a preset', () => {
  it('paints its background, or none', async () => {
    expect((await draw(DOT)).at(0, 0)).toEqual([0, 0, 0, 0])
    expect((await draw(DOT, { background: '#102030' })).at(0, 0)).toEqual([16, 32, 48, 255])
    expect((await draw(DOT, { background: '#102030' })).at(24, 24)).toEqual([0, 0, 0, 255])
  })

  it.each([
    ['black', 255],
    ['#ffd400', 255],
    ['#ffffff', 31],
    ['#fafaf0', 31],
  ])('with background auto shows %s art on a matte that it is not lost on', async (fill, red) => {
    const { at } = await draw(DOT.replace('currentColor', fill), { background: 'auto' })
    expect(at(0, 0)[0]).toBe(red)
  })

  it('keeps padding free, and recolours currentColor', async () => {
    const full = svg('<rect width="24" height="24" fill="currentColor"/>')
    const { at } = await draw(full, { padding: 8, color: '#ff0000' })
    expect([at(7, 24)[3], at(8, 24), at(39, 24), at(40, 24)[3]]).toEqual([0, [255, 0, 0, 255], [255, 0, 0, 255], 0])
  })

  it('fits art that is not square: all of it, or the middle of it', async () => {
    const wide =
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><path fill="#f00" d="M0 0h10v20H0z"/><path fill="#00f" d="M10 0h30v20H10z"/></svg>'
    const contain = await draw(wide)
    expect([contain.at(24, 2)[3], contain.at(2, 24), contain.at(46, 24)]).toEqual([
      0,
      [255, 0, 0, 255],
      [0, 0, 255, 255],
    ])
    const cover = await draw(wide, { fit: 'cover' })
    expect([cover.at(24, 2), cover.at(2, 24)]).toEqual([
      [0, 0, 255, 255],
      [0, 0, 255, 255],
    ])
  })

  it('lays the watermark over the whole picture, to its edges', async () => {
    const watermark =
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 10"><rect width="30" height="10" fill="#000" fill-opacity=".5"/></svg>'
    const { at } = await draw(svg('<rect width="24" height="24" fill="#fff"/>'), { watermark, background: '#ffffff' })
    for (const [x, y] of [
      [0, 0],
      [47, 0],
      [0, 47],
      [47, 47],
      [24, 24],
    ] as const)
      expect(Math.abs((at(x, y)[0] ?? 0) - 127)).toBeLessThanOrEqual(1)
  })

  const noise = svg(
    Array.from(
      { length: 400 },
      (_, index) =>
        `<rect x="${index % 20}" y="${Math.floor(index / 20)}" width="1" height="1" fill="#${((index * 2654435761) % 0xffffff).toString(16).padStart(6, '0')}"/>`,
    ).join(''),
  )
  it.each([
    ['auto', 'WEBP', DOT, true],
    ['auto', 'WEBP', noise, false],
    ['auto', 'AVIF', DOT, false],
    ['auto', 'PNG', noise, true],
    ['lossless', 'WEBP', noise, true],
    ['lossless', 'AVIF', DOT, true],
    ['lossy', 'WEBP', DOT, false],
  ] as const)('with encoding %s and format %s decides by the raster', async (encoding, format, source, lossless) => {
    const render = createRenderer([preset('one', { encoding, background: '#ffffff' })])
    const { pictures } = await render(Buffer.from(source), [{ preset: 'one', format }])
    expect(pictures[0]?.lossless).toBe(lossless)
  })
})

describe('a render', () => {
  it('gives a placeholder: the same whatever was asked for, with the colour one would name', async () => {
    const art = svg('<rect width="24" height="24" fill="#0a0"/><circle cx="12" cy="12" r="4" fill="#fff"/>')
    const { placeholder } = await draw(art)
    expect(placeholder.dominantColor).toBe('#00aa00')
    expect(Buffer.from(placeholder.thumbHash, 'base64').length).toBeGreaterThan(5)
    expect((await draw(art, { width: 300, height: 200, background: '#ffffff' })).placeholder).toEqual(placeholder)
  })

  it('warns of what was left out or may look different', async () => {
    const warningsOf = async (body: string) => (await draw(svg(`<rect width="9" height="9"/>${body}`))).warnings
    expect(await warningsOf('')).toEqual([])
    expect(await warningsOf('<image href="file:///etc/passwd" width="9" height="9"/>')).toEqual(['EXTERNAL_REFERENCE'])
    expect(await warningsOf('<script>1</script>')).toEqual(['SCRIPT'])
    expect(await warningsOf('<text y="9">Latin Ελληνικά</text>')).toEqual(['TEXT'])
    expect(await warningsOf('<text y="9">漢字</text>')).toEqual(['TEXT', 'MISSING_GLYPH'])
  })

  it('of nothing visible is BLANK', async () => {
    for (const body of [
      '',
      '<g/>',
      '<rect width="9" height="9" opacity="0"/>',
      '<rect x="99" width="9" height="9"/>',
    ]) {
      await expect(draw(svg(body))).rejects.toMatchObject({ code: 'BLANK' })
    }
  })

  it('draws a hair as a line of one pixel', async () => {
    const hair = '<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="1"><rect width="1000" height="1"/></svg>'
    const { at } = await draw(hair)
    expect(at(24, 24)[3]).toBeGreaterThan(0)
  })
})
