import { TAKEN_DOWN } from '../catalogue/taken-down.ts'
import { IN_PLACE } from '../catalogue/visibility.ts'
import { type Preset, RENDERER_VERSION } from '../core/variant.ts'
import type { UrlSecret } from '../core/version.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** Facts about a stored picture. */
export interface ImageFacts {
  readonly bytes: number
  readonly lossless: boolean
  readonly engine: string
  readonly warnings: readonly string[]
}

export interface ItemFailure {
  readonly code: string
  readonly message: string
  /** Warnings about the source, as far as the attempt got. */
  readonly warnings: readonly string[]
  /** Whether this source will never have a picture. */
  readonly settled: boolean
}

/** What is known about an item's picture. */
export interface VariantState {
  readonly isGone: boolean
  /** The failure of the item's current source; null if the last attempt succeeded or there was none. */
  readonly failure: ItemFailure | null
  /** By the formats in which it is stored. */
  readonly images: Readonly<Record<string, ImageFacts>>
}

/**
 * The states of these items' pictures in these presets, by preset name and item id, in one statement. The empty name has what is known
 * about the item regardless of the preset.
 */
export async function readStates(
  { pg, urlSecret }: { pg: Pg; urlSecret: UrlSecret },
  { itemIds, presets }: { itemIds: readonly number[]; presets: readonly Pick<Preset, 'name' | 'recipeHash'>[] },
): Promise<ReadonlyMap<string, ReadonlyMap<number, VariantState>>> {
  const rows = await READ_STATES.all(pg, {
    itemIds,
    presets: presets.map(({ name }) => name),
    recipeHashes: presets.map(({ recipeHash }) => recipeHash),
    rendererVersion: RENDERER_VERSION,
    urlSecretId: urlSecret.id,
  })
  const states = new Map(
    ['', ...presets.map(({ name }) => name)].map((name) => [name, new Map<number, VariantState>()]),
  )
  for (const { id, taken_down: isGone, code, message, warnings, settled, pictures } of rows) {
    const failure =
      code === null || message === null ? null : { code, message, warnings: warnings ?? [], settled: settled ?? false }
    const none: VariantState = { isGone, failure, images: {} }
    for (const byItem of states.values()) byItem.set(id, none)
    for (const [preset, format, bytes, lossless, engine, shown] of (pictures ?? []) as Picture[]) {
      const byItem = states.get(preset)
      const images = { ...byItem?.get(id)?.images, [format]: { bytes, lossless, engine, warnings: shown } }
      byItem?.set(id, { ...none, images })
    }
  }
  return states
}

type Picture = readonly [preset: string, format: string, ...facts: Facts]
type Facts = readonly [bytes: number, lossless: boolean, engine: string, warnings: readonly string[]]

const READ_STATES = statement({
  name: 'read-states',
  isPrepared: true,
  text: `
    select i.id, ${TAKEN_DOWN('i')} as taken_down, f.code, f.message, f.warnings, f.settled,
      (select json_agg(json_build_array(m.preset, m.format, m.bytes, m.lossless, m.engine, m.warnings))
       from unnest(:presets::text[], :recipeHashes::text[]) as w(preset, recipe_hash)
       join image m on m.owner_type = 'ITEM' and m.owner_id = i.id and m.preset = w.preset
         and m.recipe_hash = w.recipe_hash and m.source_hash = i.source_hash and m.url_secret_id = :urlSecretId
         and ${IN_PLACE('m', 'i')}) as pictures
    from item i
    left join render_failure f on f.item_id = i.id
      and f.source_hash = i.source_hash and f.renderer_version = :rendererVersion
    where i.id = any(:itemIds::int[])`,
  parameters: {
    itemIds: 'int4[]',
    presets: 'text[]',
    recipeHashes: 'text[]',
    rendererVersion: 'text',
    urlSecretId: 'int4',
  },
  columns: {
    id: 'int4',
    taken_down: 'bool',
    code: 'text?',
    message: 'text?',
    warnings: 'text[]?',
    settled: 'bool?',
    pictures: 'json?',
  },
})
