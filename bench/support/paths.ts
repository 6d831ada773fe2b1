import path from 'node:path'
import type { Item } from '../../prisma/generated/client/client.ts'
import type { App } from '../../src/app.ts'
import type * as PresetModule from '../../src/core/presets.ts'
import type * as Make from '../../src/variants/make.ts'

const VARIANT = { preset: 'preview', format: 'WEBP' } as const

/** The path of an item's preview at the API of a checkout: another release may have other keys. */
export async function previewPathsOf(
  directory: string,
  { urlSecret }: Pick<App, 'urlSecret'>,
): Promise<(item: Item) => string> {
  const { variantKeyOf }: typeof Make = await import(path.resolve(directory, 'src/variants/make.ts'))
  const { readPresets }: typeof PresetModule = await import(path.resolve(directory, 'src/core/presets.ts'))
  const { presets } = readPresets(path.resolve(directory, 'presets.json'))
  return (item) => `/images/${variantKeyOf({ presets, urlSecret }, item, VARIANT)}`
}
