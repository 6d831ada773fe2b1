import pixelmatch from 'pixelmatch'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { Preset } from '../src/core/variant.ts'
import { release } from '../src/render/child/pixels.ts'
import { createRenderer } from '../src/render/child/render.ts'
import { preset } from './support/presets.ts'
import { svg } from './support/setup.ts'

const DOT = svg('<circle cx="12" cy="12" r="6" fill="currentColor"/>')

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

  it('keeps the padding empty, and recolours currentColor', async () => {
    const full = svg('<rect width="24" height="24" fill="currentColor"/>')
    const { at } = await draw(full, { padding: 8, color: '#ff0000' })
    expect([at(7, 24)[3], at(8, 24), at(39, 24), at(40, 24)[3]]).toEqual([0, [255, 0, 0, 255], [255, 0, 0, 255], 0])
  })

  it('fits art that is not square: all of it, or its centre', async () => {
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

  it('draws the watermark over the whole picture, to its edges', async () => {
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

  const shade = (id: string, end: string, colour: string) =>
    `<linearGradient id="${id}" ${end}="1"><stop stop-color="#fff"/><stop offset="1" stop-color="${colour}"/></linearGradient>`
  const shades = svg(
    `${shade('a', 'x2', '#06c')}${shade('b', 'x2="0" y2', '#c30')}<path fill="url(#a)" d="M0 0h24v24H0z"/><path fill="url(#b)" fill-opacity=".5" d="M0 0h24v24H0z"/>`,
  )
  it.each([
    ['auto', 'WEBP', DOT, true],
    ['auto', 'WEBP', shades, false],
    ['auto', 'AVIF', DOT, false],
    ['auto', 'PNG', shades, true],
    ['lossless', 'WEBP', shades, true],
    ['lossless', 'AVIF', DOT, true],
    ['lossy', 'WEBP', DOT, false],
  ] as const)('with encoding %s and format %s decides by the raster', async (encoding, format, source, lossless) => {
    const render = createRenderer([preset('one', { encoding, background: '#ffffff' })])
    const { pictures } = await render(Buffer.from(source), [{ preset: 'one', format }])
    expect(pictures[0]?.lossless).toBe(lossless)
  })

  it('stores thin saturated lines as bright as they were drawn, whatever else is in the picture', async () => {
    const gradient =
      '<linearGradient id="g"><stop stop-color="#fff"/><stop offset="1" stop-color="#0a0"/></linearGradient>'
    const lines = Array.from(
      { length: 12 },
      (_, index) => `<path stroke="#f00" stroke-width=".4" d="M0 ${2 * index + 1}h16"/>`,
    )
    const source = svg(`${gradient}<path fill="url(#g)" d="M16 0h8v24h-8z"/>${lines.join('')}`)
    const options = { width: 512, height: 512, background: '#ffffff' }
    const [stored, drawn] = await Promise.all(
      (['WEBP', 'PNG'] as const).map(async (format) => {
        const { pictures } = await createRenderer([preset('one', options)])(Buffer.from(source), [
          { preset: 'one', format },
        ])
        return await sharp(pictures[0]?.bytes).ensureAlpha().raw().toBuffer()
      }),
    )
    const differing = pixelmatch(stored as Buffer, drawn as Buffer, undefined, 512, 512, { threshold: 0.1 })
    expect(differing / 512 ** 2).toBeLessThan(0.001)
  })
})

describe('a render', () => {
  it('gives a placeholder, whatever was requested, with the dominant colour', async () => {
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

  it('warns if an embedded picture is left out', async () => {
    await expect(draw(svg('<image width="9" height="9" href="data:image/png;base64,AAAA"/>'))).rejects.toMatchObject({
      code: 'BLANK',
      message: expect.stringContaining('an embedded picture that cannot be read (PICTURE_LEFT_OUT)'),
    })
  })

  it('without visible pixels is BLANK', async () => {
    for (const body of [
      '',
      '<g/>',
      '<rect width="9" height="9" opacity="0"/>',
      '<rect x="99" width="9" height="9"/>',
    ]) {
      await expect(draw(svg(body))).rejects.toMatchObject({ code: 'BLANK' })
    }
    const hidden = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 0 24"><rect width="9" height="9"/></svg>'
    await expect(draw(hidden)).rejects.toMatchObject({ code: 'BLANK' })
  })

  it('draws letters in both engines', async () => {
    const letters = Buffer.from(svg('<text y="20" font-size="24">WM</text>'))
    const render = createRenderer([preset('one')])
    for (const otherEngine of [false, true]) {
      const { engine, pictures } = await render(letters, [{ preset: 'one', format: 'PNG' }], { otherEngine })
      expect(engine).toBe(otherEngine ? 'resvg' : 'librsvg')
      const { channels } = await sharp(pictures[0]?.bytes).stats()
      expect(channels.at(-1)?.mean).toBeGreaterThan(20)
    }
  })

  it('draws extremely thin art as a line of one pixel', async () => {
    const hair = '<svg xmlns="http://www.w3.org/2000/svg" width="1000" height="1"><rect width="1000" height="1"/></svg>'
    const { at } = await draw(hair)
    expect(at(24, 24)[3]).toBeGreaterThan(0)
  })
})

it('a raster gives its memory back, but for one that others share', () => {
  const own = { pixels: new Uint8Array(4), width: 1, height: 1 }
  release(own)
  expect(own.pixels.byteLength).toBe(0)
  const shared = { pixels: new Uint8Array(8).subarray(4), width: 1, height: 1 }
  release(shared)
  expect(shared.pixels.byteLength).toBe(4)
})
