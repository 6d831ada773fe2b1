import type { PoolClient } from 'pg'
import { inTransaction, type Pg } from '../db/database.ts'
import type { MadeImage } from '../variants/record.ts'
import { recordEvents } from '../webhooks/outbox.ts'
import type { PickHashes } from './locate.ts'

/** An operator's settings of a family's picture. */
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

/** The current pick, or else the latest, whose settings stay in force. Null: there never was one. */
export async function readPick(pg: Pg, familyId: number, layout: string): Promise<StoredPick | null> {
  const { rows } = await pg.query({
    name: 'read-pick',
    text: `select seed, pinned, excluded, members, members_hash as "membersHash", recipe_hash as "recipeHash",
             is_current as "isCurrent"
           from composite where family_id = $1 and layout = $2 order by is_current desc, picked_at desc limit 1`,
    values: [familyId, layout],
  })
  return rows[0] ?? null
}

/** A stored picture of a family. */
export interface MadeComposite extends Omit<MadeImage, 'itemId' | 'preset' | 'sourceHash'> {
  readonly familyId: number
  /** The family's unique id. */
  readonly family: string
  readonly layout: string
  readonly pick: Omit<StoredPick, 'isCurrent'>
}

/**
 * Makes the pick current and records its picture, with its event: the family's URLs change here, after the new object was
 * stored. In one transaction; the caller holds the family's lock.
 */
export async function recordComposite(pg: Pg, made: MadeComposite): Promise<void> {
  const { familyId, family, layout, pick } = made
  await inTransaction(pg, async (client) => {
    await setCurrentPick(client, { familyId, layout, pick })
    const { format, objectKey, width, height, bytes } = made
    const { rows } = await client.query<{ is_new: boolean }>(RECORD_IMAGE, [
      familyId,
      layout,
      format,
      pick.recipeHash,
      pick.membersHash,
      objectKey,
      width,
      height,
      bytes,
      made.md5,
      made.lossless,
      made.engine,
      made.warnings,
    ])
    if (!rows[0]?.is_new) return
    const data = { family, layout, format, objectKey, width, height, bytes }
    await recordEvents(client, [{ type: 'preview.family.created', family, data }])
  })
}

/** Makes a pick current whose picture is stored. */
export async function setCurrentPick(
  client: Pg | PoolClient,
  { familyId, layout, pick }: { familyId: number; layout: string; pick: MadeComposite['pick'] },
): Promise<void> {
  await client.query(
    `update composite set is_current = false
     where family_id = $1 and layout = $2 and is_current and (members_hash, recipe_hash) is distinct from ($3, $4)`,
    [familyId, layout, pick.membersHash, pick.recipeHash],
  )
  await client.query(
    `insert into composite (family_id, layout, seed, pinned, excluded, members, members_hash, recipe_hash, is_current)
     values ($1, $2, $3, $4, $5, $6, $7, $8, true)
     on conflict (family_id, layout, members_hash, recipe_hash) do update set is_current = true, picked_at = now(),
       seed = excluded.seed, pinned = excluded.pinned, excluded = excluded.excluded, members = excluded.members`,
    [familyId, layout, pick.seed, pick.pinned, pick.excluded, pick.members, pick.membersHash, pick.recipeHash],
  )
}

/** Nothing of the family can be shown any more. */
export async function dropPick(pg: Pg, familyId: number, layout: string): Promise<void> {
  await pg.query('update composite set is_current = false where family_id = $1 and layout = $2 and is_current', [
    familyId,
    layout,
  ])
}

const RECORD_IMAGE = `
  insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key,
                     width, height, bytes, md5, lossless, engine, warnings)
  values ('FAMILY', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  on conflict (owner_type, owner_id, preset, format, recipe_hash, source_hash)
    do update set made_at = now(), bytes = excluded.bytes, md5 = excluded.md5, object_key = excluded.object_key
  returning xmax = 0 as is_new`
