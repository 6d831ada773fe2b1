import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { presetSchema, readPresets } from '../src/core/presets.ts'
import { hashRecipe, type Preset } from '../src/core/variant.ts'
import { kindOf } from '../src/graphql/src-set.ts'
import { parseHex } from '../src/render/child/pixels.ts'
import { drawingKeyOf } from '../src/render/child/rasterise.ts'
import { svg, tempDirectory } from './support/setup.ts'

/** Values of every field of a preset. A new field needs a row here, and all tests below then apply to it. */
const VALUES: Readonly<Record<keyof typeof presetSchema.shape, fc.Arbitrary<unknown>>> = {
  width: fc.integer({ min: 100, max: 4096 }),
  height: fc.integer({ min: 100, max: 4096 }),
  background: fc.constantFrom('white', 'transparent', 'auto', '#000000', '#00ff00'),
  padding: fc.integer({ min: 0, max: 40 }),
  fit: fc.constantFrom('contain', 'cover'),
  color: fc.constantFrom(undefined, '#000000', '#ff0000'),
  watermark: fc.constantFrom(undefined, 'one.svg', 'two.svg'),
  encoding: fc.constantFrom('auto', 'lossless', 'lossy'),
  formats: fc.subarray(['webp', 'avif', 'png'], { minLength: 1 }),
  backfill: fc.boolean(),
}
/** What decides no byte of a picture that is offered with both, and what is done to a drawing after it is drawn. */
const NOT_HASHED = ['formats', 'backfill']
const NOT_DRAWN = [...NOT_HASHED, 'background', 'watermark', 'encoding']
/** At another size the same is shown. */
const NOT_SHOWN = [...NOT_HASHED, 'encoding', 'width', 'height', 'padding']

describe('a recipe', () => {
  it('changes with any field of the preset, and then shares no drawing or srcset', async () => {
    expect(Object.keys(VALUES).sort()).toEqual(Object.keys(presetSchema.shape).sort())
    const folder = await tempDirectory()
    await writeFile(path.join(folder, 'one.svg'), svg('<g/>'))
    await writeFile(path.join(folder, 'two.svg'), svg('<path d="M0 0"/>'))
    const file = path.join(folder, 'presets.json')
    const white = parseHex('#ffffff')
    for (const [field, values] of Object.entries(VALUES)) {
      const pair = fc.tuple(fc.record(VALUES), values).filter(([preset, value]) => preset[field as 'width'] !== value)
      await fc.assert(
        fc.asyncProperty(pair, async ([preset, value]) => {
          await writeFile(file, JSON.stringify({ before: preset, after: { ...preset, [field]: value } }))
          const { presets, problems } = readPresets(file)
          expect(problems).toEqual([])
          const [before, after] = [presets.get('before') as Preset, presets.get('after') as Preset]
          const differ = (of: (each: Preset) => unknown) => of(before) !== of(after)
          expect(differ(({ recipeHash }) => recipeHash)).toBe(!NOT_HASHED.includes(field))
          expect(differ((each) => drawingKeyOf(each, white))).toBe(!NOT_DRAWN.includes(field))
          if (!NOT_SHOWN.includes(field)) expect(differ(kindOf)).toBe(true)
        }),
        { numRuns: 20 },
      )
    }
    const [preset] = readPresets(file).presets.values()
    expect(drawingKeyOf(preset as Preset, white)).not.toBe(drawingKeyOf(preset as Preset, null))
  })

  it('covers future fields, and does not change if a preset does not use them', () => {
    const [preset] = readPresets(path.join(import.meta.dirname, '../presets.json')).presets.values() as Iterable<Preset>
    if (!preset) throw new Error('no preset')
    const { name: _, recipeHash, ...definition } = preset
    const withBlur = (blur: number | null) => ({ ...definition, blur }) as typeof definition
    expect(hashRecipe(withBlur(null))).toBe(recipeHash)
    expect(new Set([hashRecipe(definition), hashRecipe(withBlur(1)), hashRecipe(withBlur(2))]).size).toBe(3)
    const keys = [preset, { ...preset, ...withBlur(1) }].map((each) => drawingKeyOf(each, null))
    expect(new Set(keys).size).toBe(2)
  })

  it('of the built-in presets is unchanged in this version of the renderer', () => {
    const { presets } = readPresets(path.join(import.meta.dirname, '../presets.json'))
    expect([...presets.values()].map(({ name, recipeHash }) => [name, recipeHash])).toEqual([
      ['thumbnail', 'b815397285ca830bd56cb5127551429af7b3fa314036ef6839014ee897b191c1'],
      ['preview', '8fd85cd4f06c7907463f5e311f00ee696b6f5ea7cdfbf1493e93cff2d0af02c6'],
      ['watermark', '58a881be0269efaa0fd63baf65389092b82c1fe587b9e1d82d0b71351c75ad0f'],
      ['small', 'aee61e14663451f35e2b2f6bca460d25910ee5814198640ed1ea206e01410662'],
      ['medium', 'c4ce74feff1188e1a5d62b37aa5cb97caf9c3399e27fb8cf80ac7f64492051d1'],
      ['transparent64', '7462fb49c3d7756d40e91767ac4dfde0d38c0367fb5f9e07f31e37e18d276e34'],
      ['transparent256', '58be2db7480080ea023ee6c1e0f1c740a511fcda8818621d6a75d896e647ebf5'],
    ])
  })
})
