import { sql } from 'kysely'
import { inTransaction, type Pg } from '../db/database.ts'
import { execute, query } from '../db/query.ts'
import { type Queryable, statement } from '../db/statement.ts'
import type { MadeImage } from '../variants/record.ts'
import { recordEvents } from '../webhooks/outbox.ts'
import type { PickHashes } from './locate.ts'

/** An operator's settings for a family's picture. */
export interface Settings {
  readonly seed: number
  /** Item ids. */
  readonly pinned: readonly number[]
  readonly excluded: readonly number[]
}

/** A stored pick. */
export interface StoredPick extends Settings, PickHashes {
  /** Item ids in the order of their cells. */
  readonly members: readonly number[]
  readonly isCurrent: boolean
}

/** The current pick, or else the latest, whose settings still apply. Null: there never was one. */
export async function readPick(pg: Pg, familyId: number, layout: string): Promise<StoredPick | null> {
  return (await READ_PICK.get(pg, { familyId, layout })) ?? null
}

const PICK = {
  seed: 'int4',
  pinned: 'int4[]',
  excluded: 'int4[]',
  members: 'int4[]',
  membersHash: 'text',
  recipeHash: 'text',
} as const

const READ_PICK = statement({
  name: 'read-pick',
  isPrepared: true,
  text: `select seed, pinned, excluded, members, members_hash as "membersHash", recipe_hash as "recipeHash",
           is_current as "isCurrent"
         from composite where family_id = :familyId and layout = :layout order by is_current desc, picked_at desc limit 1`,
  parameters: { familyId: 'int4', layout: 'text' },
  columns: { ...PICK, isCurrent: 'bool' },
})

/** A stored picture of a family. */
export interface MadeComposite extends Omit<MadeImage, 'itemId' | 'preset' | 'sourceHash'> {
  readonly familyId: number
  /** The family's unique id. */
  readonly family: string
  readonly layout: string
  readonly pick: Omit<StoredPick, 'isCurrent'>
}

/**
 * Makes the pick current and records its picture and its event, after the new object was stored: from here on the family's URLs point to
 * it. In one transaction; the caller holds the family's lock.
 */
export async function recordComposite(pg: Pg, made: MadeComposite): Promise<void> {
  const { familyId, family, layout, pick } = made
  await inTransaction(pg, async (client) => {
    await setCurrentPick(client, { familyId, layout, pick })
    const { format, objectKey, urlSecretId, width, height, bytes } = made
    const recorded = await RECORD_IMAGE.get(client, {
      familyId,
      layout,
      format,
      recipeHash: pick.recipeHash,
      membersHash: pick.membersHash,
      objectKey,
      urlSecretId,
      width,
      height,
      bytes,
      md5: made.md5,
      lossless: made.lossless,
      engine: made.engine,
      warnings: made.warnings,
    })
    if (!recorded?.is_new) return
    const data = { family, layout, format, objectKey, width, height, bytes }
    await recordEvents(client, [{ type: 'preview.family.created', family, data }])
  })
}

/** Makes a pick current whose picture is already stored. */
export async function setCurrentPick(
  db: Queryable,
  { familyId, layout, pick }: { familyId: number; layout: string; pick: MadeComposite['pick'] },
): Promise<void> {
  const { seed, pinned, excluded, members, membersHash, recipeHash } = pick
  const others = sql<boolean>`(members_hash, recipe_hash) is distinct from (${membersHash}, ${recipeHash})`
  await execute(db, droppingPick(familyId, layout).where(others))
  await SET_PICK.run(db, { familyId, layout, seed, pinned, excluded, members, membersHash, recipeHash })
}

const SET_PICK = statement({
  name: 'set-current-pick',
  text: `
    insert into composite (family_id, layout, seed, pinned, excluded, members, members_hash, recipe_hash, is_current)
    values (:familyId, :layout, :seed, :pinned, :excluded, :members, :membersHash, :recipeHash, true)
    on conflict (family_id, layout, members_hash, recipe_hash) do update set is_current = true, picked_at = now(),
      seed = excluded.seed, pinned = excluded.pinned, excluded = excluded.excluded, members = excluded.members`,
  parameters: { familyId: 'int4', layout: 'text', ...PICK },
})

/** Called when the family has nothing to show any more. */
export async function dropPick(pg: Pg, familyId: number, layout: string): Promise<void> {
  await execute(pg, droppingPick(familyId, layout))
}

const droppingPick = (familyId: number, layout: string) =>
  query
    .updateTable('composite')
    .set({ is_current: false })
    .where('family_id', '=', familyId)
    .where('layout', '=', layout)
    .where('is_current', '=', true)

const RECORD_IMAGE = statement({
  name: 'record-composite-image',
  text: `
    insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, url_secret_id,
                       width, height, bytes, md5, lossless, engine, warnings)
    values ('FAMILY', :familyId, :layout, :format, :recipeHash, :membersHash, :objectKey, :urlSecretId, :width, :height, :bytes, :md5, :lossless, :engine, :warnings)
    on conflict (owner_type, owner_id, preset, format, recipe_hash, source_hash, url_secret_id)
      do update set made_at = now(), bytes = excluded.bytes, md5 = excluded.md5, object_key = excluded.object_key
    returning xmax = 0 as is_new`,
  parameters: {
    familyId: 'int4',
    layout: 'text',
    format: 'image_format',
    recipeHash: 'text',
    membersHash: 'text',
    objectKey: 'text',
    urlSecretId: 'int4',
    width: 'int4',
    height: 'int4',
    bytes: 'int4',
    md5: 'text',
    lossless: 'bool',
    engine: 'text',
    warnings: 'text[]',
  },
  columns: { is_new: 'bool' },
})
