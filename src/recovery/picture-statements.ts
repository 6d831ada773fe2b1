import { TAKEN_DOWN } from '../catalogue/taken-down.ts'
import { IS_PRIVATE } from '../catalogue/visibility.ts'
import { FAMILY_TAKEN_DOWN, SHOWS_HIDDEN } from '../composites/locate.ts'
import { statement } from '../db/statement.ts'

/** What an owner's pictures are made from. */
export interface OwnerRow {
  /** An item's source key, or a family's unique id. */
  readonly owner: string
  readonly id: number
  readonly isPrivate: boolean
  readonly sourceHashes: readonly string[]
  /** Of a composite. */
  readonly layout: string | null
  readonly recipeHash: string | null
}

const COLUMNS = {
  owner: 'text',
  id: 'int4',
  isPrivate: 'bool',
  sourceHashes: 'text[]',
  layout: 'text?',
  recipeHash: 'text?',
} as const

export const FIND_ITEMS = statement({
  name: 'find-items-of-pictures',
  text: `
    select i.source_key as owner, i.id, ${IS_PRIVATE('i')} as "isPrivate", i.source_hash || i.previous_source_hashes as "sourceHashes",
      null::text as layout, null::text as "recipeHash"
    from item i where i.source_key = any(:sourceKeys::text[]) and not ${TAKEN_DOWN('i')}`,
  parameters: { sourceKeys: 'text[]' },
  columns: COLUMNS,
})

// None that shows what is hidden: its object is deleted by the take-down.
export const FIND_COMPOSITES = statement({
  name: 'find-composites-of-pictures',
  text: `
    select f.unique_id as owner, f.id, false as "isPrivate", array[c.members_hash] as "sourceHashes", c.layout, c.recipe_hash as "recipeHash"
    from family f join composite c on c.family_id = f.id
    where f.unique_id = any(:families::text[]) and f.visibility <> 'PRIVATE' and not ${FAMILY_TAKEN_DOWN('f')} and not ${SHOWS_HIDDEN('c')}`,
  parameters: { families: 'text[]' },
  columns: COLUMNS,
})

export const INSERT_PICTURES = statement({
  name: 'insert-stored-pictures',
  text: `
    insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, url_secret_id, width, height, bytes, md5,
                       lossless, engine, used_at)
    select t.*, 'adopted', case when t.preset ~ '^t_' then now() end
    from unnest(:ownerTypes::owner_type[], :ownerIds::int[], :presets::text[], :formats::image_format[], :recipeHashes::text[],
                :sourceHashes::text[], :keys::text[], :urlSecretIds::int[], :widths::int[], :heights::int[], :bytes::int[], :md5s::text[],
                :lossless::boolean[])
      as t(owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, url_secret_id, width, height, bytes, md5, lossless)
    on conflict do nothing`,
  parameters: {
    ownerTypes: 'owner_type[]',
    ownerIds: 'int4[]',
    presets: 'text[]',
    formats: 'image_format[]',
    recipeHashes: 'text[]',
    sourceHashes: 'text[]',
    keys: 'text[]',
    urlSecretIds: 'int4[]',
    widths: 'int4[]',
    heights: 'int4[]',
    bytes: 'int4[]',
    md5s: 'text[]',
    lossless: 'bool[]',
  },
})
