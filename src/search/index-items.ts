import { setTimeout as delay } from 'node:timers/promises'
import { logFailure } from '../core/log-failure.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { lockTransaction, SEARCH_LOCK, shareTransaction, VISIBILITY_LOCK } from '../db/locks.ts'
import { statement } from '../db/statement.ts'
import { documentOf } from './document.ts'

/** Items per transaction: about 200 ms. */
const BATCH_ITEMS = 2000
/** How often a worker checks for changes by other processes. */
const INDEX_EVERY_MS = 1000

/**
 * Writes the search documents of changed items that are PUBLIC, oldest changes first, until none is left. Importers call it after their batches; a
 * worker calls it for all other writers, and for a catalogue that existed before search documents did. After an interruption it
 * continues where it stopped. @param options.signal ends it between two batches
 */
export async function indexItems(pg: Pg, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  while (!signal?.aborted && (await indexBatch(pg)) > 0);
}

/** Returns the number of changes processed. */
async function indexBatch(pg: Pg): Promise<number> {
  if (!(await IS_DUE.get(pg))?.due) return 0
  return await inTransaction(pg, async (client) => {
    // One process at a time: of two that read an item at different times, the one with the older data could write last.
    await lockTransaction(client, SEARCH_LOCK)
    await shareTransaction(client, VISIBILITY_LOCK)
    const changes = await TAKE.all(client, { max: BATCH_ITEMS })
    if (changes.length === 0) return 0
    // A separate statement, so that its snapshot includes every change just taken.
    const itemIds = [...new Set(changes.map((change) => change.item_id))]
    const items = await READ.all(client, { itemIds })
    const documents = items.map((item) => documentOf({ ...item, context: [item.icon_set, item.vendor, item.username] }))
    const names = new Map(items.map((item, at) => [item.family_id, documents[at]?.familyKey ?? '']))
    await NAME_FAMILIES.run(client, { ids: [...names.keys()], names: [...names.values()] })
    await DELETE.run(client, { itemIds })
    await INSERT.run(client, {
      itemIds: items.map((item) => item.id),
      familyKeys: documents.map((document) => document.familyKey),
      nameKeys: documents.map((document) => document.nameKey),
      tokens: documents.map((document) => JSON.stringify(document.tokens)),
    })
    return changes.length
  })
}

/** Indexes changes within a second or two, until closed. Any number of processes may run it. */
export function runIndexLoop(pg: Pg): { close: () => Promise<void> } {
  const closing = new AbortController()
  const { signal } = closing
  const indexing = (async () => {
    while (!signal.aborted) {
      await indexItems(pg, { signal }).catch((error) => logFailure('indexing items for search failed', error))
      await delay(INDEX_EVERY_MS, undefined, { signal }).catch(() => {})
    }
  })()
  return {
    close: async () => {
      closing.abort()
      await indexing
    },
  }
}

const IS_DUE = statement({
  name: 'is-search-change-due',
  text: 'select exists (select from search_change) as due',
  columns: { due: 'bool' },
})

const TAKE = statement({
  name: 'take-search-changes',
  text: `
    delete from search_change where id in (select id from search_change order by id limit :max) returning item_id`,
  parameters: { max: 'int8' },
  columns: { item_id: 'int4' },
})

const READ = statement({
  name: 'read-search-sources',
  text: `
    select i.id, i.family_id, i.slug, i.name, i.aliases, i.tags, i.characters, f.name as family, s.name as icon_set, v.name as vendor, v.username
    from item i join family f on f.id = i.family_id join icon_set s on s.id = i.icon_set_id join vendor v on v.id = i.vendor_id
    where i.id = any(:itemIds::int[])`,
  parameters: { itemIds: 'int4[]' },
  columns: {
    id: 'int4',
    family_id: 'int4',
    slug: 'text',
    name: 'text',
    aliases: 'text[]',
    tags: 'text[]',
    characters: 'text[]',
    family: 'text',
    icon_set: 'text',
    vendor: 'text',
    username: 'text',
  },
})

const NAME_FAMILIES = statement({
  name: 'name-families-for-search',
  text: `
    update family f set search_name = t.name from unnest(:ids::int[], :names::text[]) as t(id, name)
    where f.id = t.id and f.search_name <> t.name`,
  parameters: { ids: 'int4[]', names: 'text[]' },
})

const DELETE = statement({
  name: 'delete-search-documents',
  text: 'delete from item_search where item_id = any(:itemIds::int[])',
  parameters: { itemIds: 'int4[]' },
})

// Only PUBLIC items have one, so that nothing else can be found, counted or suggested. An item deleted meanwhile is left out; its row is
// locked, as for any foreign key.
const INSERT = statement({
  name: 'insert-search-documents',
  text: `
    insert into item_search (item_id, vendor_id, family_id, icon_set_id, kind, family_key, name_key, tokens)
    select i.id, i.vendor_id, i.family_id, i.icon_set_id, i.kind, t.family_key, t.name_key,
           array(select json_array_elements_text(t.tokens::json))
    from unnest(:itemIds::int[], :familyKeys::text[], :nameKeys::text[], :tokens::text[]) as t(id, family_key, name_key, tokens)
    join item i on i.id = t.id and i.visibility = 'PUBLIC'`,
  parameters: { itemIds: 'int4[]', familyKeys: 'text[]', nameKeys: 'text[]', tokens: 'text[]' },
})
