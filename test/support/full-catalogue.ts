import type { App } from '../../src/app.ts'
import { uniqueIdOf } from '../../src/core/variant.ts'
import { importItems } from '../../src/import/import-items.ts'
import { drawing, entry } from './setup.ts'

/** Vendors, each with a family of one set: as many rows as a page has. */
const VENDORS = 100
/** Texts of a name, a note and a tag: usual ones, and as long as a manifest may make them. */
const TEXTS = {
  short: { name: 'a name', note: 'A short note.', tag: 'tag ', url: 60 },
  long: { name: '図'.repeat(200), note: '図'.repeat(500), tag: '図'.repeat(60), url: 480 },
}

/**
 * A catalogue with a full page of every kind of row, whose lists are as long as they may be.
 * @param options.items of each vendor
 */
export async function fillCatalogue(
  { pg, stores }: App,
  { items, texts }: { items: number; texts: keyof typeof TEXTS },
): Promise<void> {
  const { name, note, tag, url } = TEXTS[texts]
  const entries = Array.from({ length: VENDORS * items }, (_, at) => {
    const vendor = `v${at % VENDORS}`
    return { ...entry(`icon-${at}`, drawing(at), { vendor, family: 'f' }), name: `icon ${at}` }
  })
  await importItems({ pg, originals: stores.originals }, entries)
  await pg.query(`
    update item set alt = '${note}', characters = '{}', palette = array_fill('#123456'::text, '{8}'),
      palette_shares = array_fill(0.125::real, '{8}'), thumb_hash = '1QcSHQRnh493V4dIh4eXh1h4kJUI', dominant_color = '#123456',
      placeholder = decode(repeat('ab', 200), 'hex'), placeholder_dark = decode(repeat('ab', 200), 'hex'),
      placeholder_clear = decode(repeat('ab', 200), 'hex'), suits_avif = true,
      tags = (select array_agg('${tag}' || n) from generate_series(1, 50) n),
      aliases = (select array_agg('${tag}' || n) from generate_series(1, 50) n);
    update item set unique_id = 'I' || lpad(id::text, 11, '0'), name = left(name || ' ${name}', 200);
    update family set attribution = '${note}', author = '${name}', license_title = '${name}',
      license_url = 'https://example.com/' || repeat('x', ${url});
    insert into render_failure (item_id, source_hash, renderer_version, code, message, settled, warnings)
      select id, source_hash, 'x', 'BLANK', '${note}', true, array_fill('FILTER_LEFT_OUT'::text, '{40}') from item where id % 10 = 0;
    insert into backfill (mode, status, presets, formats, codes, fingerprint, error, vendor_id)
      select 'ALL', 'COMPLETED', array_fill('preview'::text, '{20}'), '{WEBP,AVIF,PNG}', array_fill('BLANK'::text, '{20}'), n, '${note}', n
      from generate_series(1, 100) n;
    update render_failure set backfill_id = 1 + item_id % 100;
    insert into upload (vendor, file_name, bytes, status, families, notes, problem_count)
      select 'v1', '${name}', 1, 'REFUSED', (select array_agg(unique_id) from family), array_fill('${note}'::text, '{5}'), 100
      from generate_series(1, 100) n;
    insert into upload_problem (upload_id, code, file, pointer, message)
      select u.id, 'SCHEMA', '${note}', '${note}', '${note}' from upload u, generate_series(1, 100);
    insert into webhook (url, secret, types, error)
      select 'https://example.com/' || repeat('x', ${url}), 'whsec_c2VjcmV0', array_fill('upload.completed'::text, '{10}'), '${note}'
      from generate_series(1, 100);
    insert into event (type, family, data)
      select 'x', '', json_build_object('of', repeat('${note}', 10)) from generate_series(1, 100);
    insert into dead_letter (webhook_id, event_id, family, attempts, error)
      select w.id, e.id, '', 8, '${note}' from webhook w join event e on e.id = w.id;
    insert into take_down (target_type, target_id, reason, restored_at, status, note, error, invalidation_ids, deleted_keys)
      select 'ITEM', n, '${note}', now(), 'RESTORED', '${note}', '${note}', array_fill('I123456789012'::text, '{5}'), '{}'
      from generate_series(1, 100) n;
    insert into token (name, prefix, hash, scopes, vendor)
      select '${name}', 'ai_live_' || n, sha256(n::text::bytea), array_fill('catalogue:read'::text, '{10}'), 'v1' from generate_series(1, 100) n;
    insert into audit_entry (actor, action, target, outcome)
      select '${name}', 'takeDown', '${name}', '${note}' from generate_series(1, 100);
    insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, width, height, bytes, md5, lossless, engine, warnings)
      select 'ITEM', id, 'preview', 'WEBP', 'x', source_hash, 'x/' || id, 512, 512, 1000, '', true, 'resvg', array_fill('FILTER_LEFT_OUT'::text, '{40}')
      from item;
    insert into worker (id, host, pid) select 'w' || n, 'host', n from generate_series(1, 200) n;
    analyze;`)
}

const id = (type: string, at: number) => JSON.stringify(Buffer.from(`${type}:${at}`).toString('base64'))
const familyOf = (at: number) => JSON.stringify(uniqueIdOf(`v${at % VENDORS}/f`))
const numberOf = (at: number) => 1 + (at % VENDORS)
/** Sizes of the ladder of transforms. */
const WIDTHS = '[16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768]'

/** Every file of it lacks everything: half of what a request may have. */
const MANIFEST = JSON.stringify({ families: [{ sets: [{ files: Array(15_000).fill({}) }] }] })
const FILTER = `{ tags: [${Array.from({ length: 20 }, (_, at) => `"t${at}"`).join(', ')}], monochrome: false, color: "#123456" }`

/** What the rows of the catalogue are named by, as values of the arguments of documents. */
export const CATALOGUE_NAMES: Readonly<Record<string, (at: number) => string>> = {
  search: () => '"icon"',
  prefix: () => '"i"',
  widths: () => WIDTHS,
  presets: () => '["thumbnail", "preview", "small", "medium"]',
  'suggest.first': () => '20',
  url: () => '"https://example.com/images/none"',
  transform: (at) => `{ width: ${16 + at} }`,
  layout: () => '"grid"',
  manifest: () => JSON.stringify(MANIFEST),
  filter: () => FILTER,
  vendor: (at) => `"v${at % VENDORS}"`,
  username: (at) => `"v${at % VENDORS}"`,
  family: familyOf,
  'family.uniqueId': familyOf,
  'item.uniqueId': (at) => `"I${String(numberOf(at)).padStart(11, '0')}"`,
  'iconSet.uniqueId': (at) => JSON.stringify(uniqueIdOf(`v${at % VENDORS}/f/ICON`)),
  ids: () => `[${Array.from({ length: 100 }, (_, at) => id('Icon', at + 1)).join(', ')}]`,
  ...Object.fromEntries(
    Object.entries({
      Icon: ['node', 'takeDown', 'restore', 'setVisibility', 'retryItem'],
      Family: ['setFamilyVisibility'],
      IconSet: ['setIconSetVisibility'],
      Backfill: ['backfill', 'pauseBackfill', 'resumeBackfill', 'cancelBackfill'],
      Upload: ['upload', 'completeUpload'],
      Webhook: ['enableWebhook', 'rotateWebhookSecret', 'deleteWebhook'],
      DeadLetter: ['replayDeadLetter'],
      Token: ['revokeToken'],
    }).flatMap(([type, fields]) => fields.map((field) => [`${field}.id`, (at: number) => id(type, numberOf(at))])),
  ),
  webhook: (at) => id('Webhook', numberOf(at)),
  pin: () => '[]',
  scopes: () => '["catalogue:read"]',
  types: () => '["upload.completed"]',
}
