import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPresets } from '../src/core/presets.ts'
import { boxOf, isTransform, parseTransform, printTransform, recipeOf, type Transform } from '../src/core/transform.ts'
import { offeredTransform, type TransformRequest } from '../src/core/transform-request.ts'
import { isPresetName, parseVariantKey, printVariantKey } from '../src/core/variant.ts'
import { tempDirectory } from './support/setup.ts'

const LADDER = [16, 64, 256, 1024]
const side = fc.option(fc.oneof(fc.constantFrom(...LADDER), fc.integer({ min: 1, max: 4096 })))
const hex = fc.stringMatching(/^#[0-9a-f]{6}$/)
const transforms = fc
  .record({
    width: side,
    height: side,
    fit: fc.constantFrom('contain' as const, 'cover' as const),
    padding: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
    background: fc.oneof(fc.constantFrom(null, 'auto', '#ffffff'), hex),
    color: fc.option(hex),
  })
  .filter(isTransform)

describe('the segment of a transform', () => {
  it('prints and parses both ways, is part of a key and no preset of any name', () => {
    fc.assert(
      fc.property(transforms, (transform) => {
        const segment = printTransform(transform)
        expect(parseTransform(segment)).toEqual(transform)
        expect(isPresetName(segment)).toBe(false)
        const at = {
          vendor: 'acme',
          kind: 'ICON',
          family: 'BASICS000001',
          iconSet: 'SET000000001',
          slug: 'a-t_w16',
        } as const
        const key = { ...at, preset: segment, version: 'abcdefghijklmnop', format: 'WEBP' } as const
        expect(parseVariantKey(printVariantKey(key))).toEqual(key)
      }),
      { numRuns: 500 },
    )
  })

  it('is another one, with another recipe, for each other transform', () => {
    fc.assert(
      fc.property(transforms, transforms, (one, other) => {
        const areSame = JSON.stringify(one) === JSON.stringify(other)
        expect(printTransform(one) === printTransform(other)).toBe(areSame)
        expect(recipeOf(one).recipeHash === recipeOf(other).recipeHash).toBe(areSame)
      }),
      { numRuns: 500 },
    )
  })

  it('is the only text that parses', () => {
    const near = fc.stringMatching(/^t(_(w|h|p)?\d{1,4}|_cover|_contain|_clear|_auto|_[bc][0-9a-fA-F]{6}){0,4}$/)
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ maxLength: 30 })), (text) => {
        const transform = parseTransform(text)
        if (transform) expect(printTransform(transform)).toBe(text)
      }),
      { numRuns: 2000 },
    )
    const wrong =
      't t_ t_w0 t_w016 t_w4097 t_w99999 t_h16_w16 t_w16_cover t_w16_p8 t_w16_p0 t_w16_bffffff t_w16_cFFFFFF t_w16_c000000_auto T_w16 t_w16_ t_w16\n t_w16.x'
    for (const text of wrong.split(' ')) expect([text, parseTransform(text)]).toEqual([text, null])
  })
})

describe('what is offered', () => {
  const rows: [TransformRequest, string][] = [
    [{ width: 1 }, 't_w16'],
    [{ width: 16 }, 't_w16'],
    [{ width: 17 }, 't_w64'],
    [{ width: 5000 }, 't_w1024'],
    [{ height: 65, width: 64 }, 't_w64_h256'],
    [{ width: 100, dpr: 2, padding: 8 }, 't_w256_p16'],
    [{ width: 128, dpr: 0.5, theme: 'DARK' }, 't_w64_b1f1f24_cf4f4f6'],
    [{ width: 64, theme: 'DARK', color: '#FF0000', background: 'transparent' }, 't_w64_clear_cff0000'],
    [{ width: 64, theme: 'TRANSPARENT' }, 't_w64_clear'],
    [{ width: 64, theme: 'LIGHT', background: '#FFFFFF' }, 't_w64'],
    [{ width: 64, background: 'auto', fit: 'COVER' }, 't_w64_auto'],
    [{ width: 64, height: 16, fit: 'COVER' }, 't_w64_h16_cover'],
  ]
  it.each(rows)('of %j is %s', (request, segment) => {
    expect(printTransform(offeredTransform(LADDER, request))).toBe(segment)
  })

  it.each<[TransformRequest, RegExp]>([
    [{}, /needs a width or a height/],
    [{ width: 0 }, /width is 0/],
    [{ height: 1.5 }, /height is 1\.5/],
    [{ width: 16, padding: -1 }, /padding is -1/],
    [{ width: 16, padding: 8 }, /padding of 8 px on each side leaves no room in 16 px/],
    [{ width: 16, dpr: 0 }, /dpr is 0; it must be from 0\.5 to 4/],
    [{ width: 16, dpr: Number.NaN }, /dpr is NaN/],
    [{ width: 16, background: 'url(x)' }, /background is "url\(x\)"/],
    [{ width: 16, color: 'red' }, /color is "red"/],
  ])('of %j is nothing', (request, sentence) => {
    expect(() => offeredTransform(LADDER, request)).toThrow(sentence)
  })

  it('has the ratio of the art within its padding, bounded, and is square for art of no known size', () => {
    const box = (one: Partial<Transform>, width: number | null, height: number | null) =>
      boxOf(
        { width: null, height: null, padding: 0, fit: 'contain', background: null, color: null, ...one },
        { width, height },
      )
    expect(box({ width: 256 }, 24, 24)).toEqual({ width: 256, height: 256 })
    expect(box({ width: 256 }, 48, 24)).toEqual({ width: 256, height: 128 })
    expect(box({ height: 256 }, 48, 24)).toEqual({ width: 512, height: 256 })
    expect(box({ width: 256, padding: 28 }, 48, 24)).toEqual({ width: 256, height: 156 })
    expect(box({ width: 256 }, 1, 1e9)).toEqual({ width: 256, height: 1024 })
    expect(box({ height: 16 }, 1, 1e9)).toEqual({ width: 4, height: 16 })
    expect(box({ height: 4096 }, 1e9, 1)).toEqual({ width: 4096, height: 4096 })
    for (const [width, height] of [
      [null, null],
      [24, null],
      [0, 24],
      [24, 0],
      [0, 0],
    ] as const)
      expect(box({ width: 64 }, width, height)).toEqual({ width: 64, height: 64 })
  })
})

describe('the ladder', () => {
  const read = async (json: object) => {
    const file = path.join(await tempDirectory(), 'presets.json')
    await writeFile(path.join(path.dirname(file), 'w.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
    await writeFile(file, JSON.stringify(json))
    return readPresets(file)
  }
  const one = { width: 16, height: 16 }
  it('is sorted; there is none where every preset has a watermark and the file names none', async () => {
    expect((await read({ one, ladder: [64, 16, 64] })).ladder).toEqual([16, 64])
    expect((await read({ one })).ladder.at(-1)).toBe(1024)
    const marked = { one: { ...one, watermark: 'w.svg' } }
    expect((await read(marked)).ladder).toEqual([])
    expect((await read({ ...marked, ladder: [16] })).ladder).toEqual([16])
    expect(() => offeredTransform([], { width: 16 })).toThrow(/offers presets only/)
  })
  it.each([[{ one, ladder: [0] }], [{ one, ladder: [5000] }], [{ one, ladder: 'all' }], [{ ladder: [16] }]])(
    '%j is refused',
    async (json) => {
      expect((await read(json)).problems).toEqual([expect.stringMatching(/ladder|contains no preset/)])
    },
  )
})
