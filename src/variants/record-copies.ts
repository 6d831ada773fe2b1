import { type Queryable, statement } from '../db/statement.ts'
import { IS_WANTED, WRITE_EVENTS } from '../webhooks/outbox.ts'

/** A copy in the store, ready to be recorded. */
export interface CopiedImage {
  readonly itemId: number
  /** The image that it is a copy of. */
  readonly imageId: string
  readonly objectKey: string
  readonly urlSecretId: number
  readonly bytes: number
  /** False: other variants of the item remain to be rendered. */
  readonly completesItem: boolean
}

/** Records copies in the store, of items and of families, with the events of the new keys: one statement for any number. */
export async function recordCopies(
  db: Queryable,
  copies: readonly Pick<CopiedImage, 'imageId' | 'objectKey' | 'urlSecretId'>[],
): Promise<void> {
  if (copies.length === 0) return
  await RECORD_COPIES.run(db, {
    imageIds: copies.map(({ imageId }) => imageId),
    objectKeys: copies.map(({ objectKey }) => objectKey),
    urlSecretIds: copies.map(({ urlSecretId }) => urlSecretId),
  })
}

const RECORD_COPIES = statement({
  name: 'record-copies',
  isPrepared: true,
  text: `
    with copied as (
      insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, url_secret_id,
                         width, height, bytes, md5, lossless, engine, warnings, used_at)
      select m.owner_type, m.owner_id, m.preset, m.format, m.recipe_hash, m.source_hash, t.object_key, t.url_secret_id,
             m.width, m.height, m.bytes, m.md5, m.lossless, m.engine, m.warnings, m.used_at
      from unnest(:imageIds::bigint[], :objectKeys::text[], :urlSecretIds::int[]) as t(image_id, object_key, url_secret_id)
      join image m on m.id = t.image_id
      on conflict (owner_type, owner_id, preset, format, recipe_hash, source_hash, url_secret_id)
        do update set made_at = now(), object_key = excluded.object_key, bytes = excluded.bytes, md5 = excluded.md5
      returning owner_type, owner_id, preset, format, object_key, width, height, bytes, xmax = 0 and used_at is null as is_new
    ), ${WRITE_EVENTS(`
      select 'image.variant.created', f.unique_id, jsonb_build_object(
        'family', f.unique_id, 'item', i.unique_id, 'sourceKey', i.source_key, 'preset', m.preset, 'format', m.format,
        'objectKey', m.object_key, 'width', m.width, 'height', m.height, 'bytes', m.bytes), i.id
      from copied m join item i on i.id = m.owner_id join family f on f.id = i.family_id
      where m.owner_type = 'ITEM' and m.is_new and ${IS_WANTED(`'image.variant.created'`)}
      union all
      select 'preview.family.created', f.unique_id, jsonb_build_object(
        'family', f.unique_id, 'layout', m.preset, 'format', m.format,
        'objectKey', m.object_key, 'width', m.width, 'height', m.height, 'bytes', m.bytes), f.id
      from copied m join family f on f.id = m.owner_id
      where m.owner_type = 'FAMILY' and m.is_new and ${IS_WANTED(`'preview.family.created'`)}`)}
    select from event_written`,
  parameters: { imageIds: 'int8[]', objectKeys: 'text[]', urlSecretIds: 'int4[]' },
})
