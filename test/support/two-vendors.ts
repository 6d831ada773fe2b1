import { TOKEN_SCOPES } from '../../src/access/caller.ts'
import { createCredential } from '../../src/access/credential.ts'
import { printGlobalId } from '../../src/core/global-id.ts'
import type { Pg } from '../../src/db/database.ts'

/** A vendor whose rows have ids of this number times a thousand, with everything that a vendor can have. */
export interface SeededVendor {
  readonly username: string
  readonly number: number
}

/** It is in every private text of a vendor, so that it is recognised in any response. */
export const markOf = ({ username }: SeededVendor): string => `private-of-${username}`

const uniqueIdOf = (letter: string, { number }: SeededVendor, nth = 1) =>
  `${letter}${String(number * 1000 + nth).padStart(11, '0')}`

/** A family with a set of two items, one of which has a failure: what everybody may see. */
export async function seedCatalogue(pg: Pg, vendor: SeededVendor): Promise<void> {
  const { username, number } = vendor
  const first = number * 1000 + 1
  const [family, set] = [uniqueIdOf('F', vendor), uniqueIdOf('S', vendor)]
  await pg.query(`
    insert into vendor (id, username, name) values (${first}, '${username}', '${username}');
    insert into family (id, unique_id, name, vendor_id) values (${first}, '${family}', 'family', ${first});
    insert into icon_set (id, unique_id, name, kind, family_id, vendor_id)
      values (${first}, '${set}', 'set', 'ICON', ${first}, ${first});
    insert into item (id, unique_id, slug, name, kind, icon_set_id, family_id, vendor_id, source_key, source_hash, tags, updated_at)
      select id, 'I' || lpad(id::text, 11, '0'), 'item-' || id, 'item ' || id, 'ICON', ${first}, ${first}, ${first},
        '${username}/icons/${family}/${set}/item-' || id || '.svg', 'hash', '{}', now()
      from generate_series(${first}, ${first + 1}) as id;`)
}

/**
 * What everybody may see of a vendor's failures and take-downs: the error of a picture, and that an item is gone. The rows themselves, with
 * their ids and the rest of their contents, are private.
 * @param options.isOther with other ids and contents
 */
export async function seedEffects(pg: Pg, vendor: SeededVendor, { isOther }: { isOther: boolean }): Promise<void> {
  const item = vendor.number * 1000 + 1
  const [id, mark, attempts] = isOther ? [item + 500, 'other', 1] : [item, markOf(vendor), 2]
  await pg.query(`
    insert into render_failure (id, item_id, source_hash, renderer_version, code, message, attempts, settled, last_at)
      values (${id}, ${item}, 'hash', '1', 'BLANK', 'It has nothing visible.', ${attempts}, true, '2026-01-01T00:00:00Z');
    insert into take_down (id, target_type, target_id, reason, status, owner_id, by_operator, created_at)
      values (${id}, 'ITEM', ${item + 1}, '${mark}', 'COMPLETED', ${item}, false, '2026-01-01T00:00:00Z');`)
}

/** One row in every other private table. */
export async function seedPrivate(pg: Pg, vendor: SeededVendor): Promise<void> {
  const { username, number } = vendor
  const [id, mark, at] = [number * 1000 + 1, markOf(vendor), `'2026-01-01T00:00:00Z'`]
  await pg.query(`
    insert into backfill (id, mode, status, presets, formats, fingerprint, error, vendor_id, owner_id, created_at)
      values (${id}, 'ALL', 'FAILED', '{}', '{}', '${mark}', '${mark}', ${id}, ${id}, ${at});
    update render_failure set backfill_id = ${id} where id = ${id};
    insert into upload (id, vendor, file_name, bytes, created_at, status, finished_at)
      values (${id}, '${username}', '${mark}', 1, ${at}, 'REFUSED', ${at});
    insert into upload_problem (id, upload_id, code, message) values (${id}, ${id}, 'C', '${mark}');
    insert into webhook (id, url, secret, types, vendor, created_at)
      values (${id}, 'https://example.com/${mark}', 'whsec_c2VjcmV0', '{}', '${username}', ${at});
    insert into event (id, type, data, vendor, created_at) values (${id}, 't', '{"of":"${mark}"}', '${username}', ${at});
    insert into dead_letter (id, webhook_id, event_id, family, attempts, error, created_at)
      values (${id}, ${id}, ${id}, '', 1, '${mark}', ${at});
    insert into audit_entry (id, actor, action, target, outcome, vendor, at)
      values (${id}, 'token:ai_live_22222222', 'createUpload', '${mark}', 'DONE', '${username}', ${at});
    insert into token (id, name, prefix, hash, scopes, vendor, created_at)
      values (${id}, '${mark}', 'ai_live_22222222', sha256('${mark}'), '{}', '${username}', ${at});`)
}

/** A token with all scopes, also those that `createToken` does not give a vendor. */
export async function seedToken(pg: Pg, { username }: { username: string | null }): Promise<string> {
  const { secret, prefix, hash } = createCredential()
  await pg.query(`insert into token (id, name, prefix, hash, scopes, vendor) values ($1, 'all', $2, $3, $4, $5)`, [
    username === null ? 9 : username.charCodeAt(0),
    prefix,
    hash,
    [...TOKEN_SCOPES],
    username,
  ])
  return secret
}

/** Every id of a vendor's row that exists after seeding: node ids and unique ids. */
export const idsOf = (vendor: SeededVendor, types: readonly string[]): string[] => [
  ...types.map((type) => printGlobalId(type, vendor.number * 1000 + 1)),
  ...['F', 'S', 'I'].map((letter) => uniqueIdOf(letter, vendor)),
]

export const ownNames = (vendor: SeededVendor) => ({
  id: printGlobalId('Upload', vendor.number * 1000 + 1),
  ids: [printGlobalId('Family', vendor.number * 1000 + 1)],
  family: uniqueIdOf('F', vendor),
  uniqueId: uniqueIdOf('F', vendor),
  username: vendor.username,
  vendor: vendor.username,
  webhook: printGlobalId('Webhook', vendor.number * 1000 + 1),
  scopes: ['upload:write'],
  types: ['upload.completed'],
  url: 'https://example.com/hook',
})

export const scopesOf = (vendor: SeededVendor): object[] => [
  { vendor: vendor.username },
  { family: uniqueIdOf('F', vendor) },
  { iconSet: uniqueIdOf('S', vendor) },
]
