import type { LimitsConfig } from '../core/config/limits.ts'
import { printSourceKey } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { OpenedArchive } from './open-archive.ts'

/**
 * The sentence that says by how much a vendor's catalogue would exceed its quota of items or bytes with an archive, or exceeds it already;
 * null if it does not. Items of the archive that exist are counted once, and those that it removes are not.
 */
export async function findExceeded(
  pg: Pg,
  {
    vendor,
    archive,
    limits: { vendorItemsMax, vendorBytesMax },
  }: { vendor: string; archive?: OpenedArchive; limits: LimitsConfig },
): Promise<string | null> {
  if (vendorItemsMax === Infinity && vendorBytesMax === Infinity) return null
  const { replaced, added, bytes } = archive ? contentOf(vendor, archive) : { replaced: [], added: 0, bytes: 0 }
  const kept = await COUNT_KEPT.get(pg, { vendor, replaced })
  const [items, total] = [(kept?.items ?? 0) + added, Number(kept?.bytes ?? 0) + bytes]
  // Without an archive: whether there is room for anything.
  const isFull = (count: number, max: number) => (archive ? count > max : count >= max)
  const would = archive ? 'would have' : 'has'
  if (isFull(items, vendorItemsMax))
    return `Vendor ${vendor} ${would} ${items} items, and may have ${vendorItemsMax}: remove some, or ask the operator for more.`
  if (isFull(total, vendorBytesMax))
    return `The originals of vendor ${vendor} ${archive ? 'would have' : 'have'} ${total} bytes, and may have ${vendorBytesMax}: remove some, or ask the operator for more.`
  return null
}

function contentOf(vendor: string, { sets, bytesOf }: OpenedArchive) {
  const replaced: string[] = []
  let [added, bytes] = [0, 0]
  for (const { family, iconSet, files, removed } of sets) {
    const path = { vendor, kind: iconSet.kind, family: family.uniqueId, iconSet: iconSet.uniqueId }
    for (const slug of removed) replaced.push(printSourceKey({ ...path, slug }))
    for (const { slug, file } of files) {
      replaced.push(printSourceKey({ ...path, slug }))
      added++
      bytes += bytesOf(file)
    }
  }
  return { replaced, added, bytes }
}

const COUNT_KEPT = statement({
  name: 'count-kept-items',
  text: `
    select count(*)::int as items, coalesce(sum(i.source_bytes), 0)::int8 as bytes
    from item i join vendor v on v.id = i.vendor_id
    where v.username = :vendor and not exists (select from unnest(:replaced::text[]) as r(key) where r.key = i.source_key)`,
  parameters: { vendor: 'text', replaced: 'text[]' },
  columns: { items: 'int4', bytes: 'int8' },
})
