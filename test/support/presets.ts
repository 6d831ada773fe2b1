import { hashRecipe, type Preset } from '../../src/core/variant.ts'

/** A preset of 48 x 48 px on a transparent background, with the test's overrides. */
export function preset(name: string, options: Partial<Preset> = {}): Preset {
  const definition = {
    width: 48,
    height: 48,
    background: null,
    padding: 0,
    fit: 'contain',
    color: null,
    watermark: null,
    encoding: 'auto',
    backfill: true,
    ...options,
  } as const
  return { name, formats: ['PNG'], ...definition, recipeHash: hashRecipe({ formats: ['PNG'], ...definition }) }
}
