import { LRUCache } from 'lru-cache'
import { type CompositePath, printSourceKey, type SourcePath, uniqueIdOf } from './variant.ts'

/** Cache tags, by which a CDN can invalidate pictures, and the headers that carry them. Pure. */

/** The header in which S3 serves an object's cache tags, and the origin handler its response's. */
export const CACHE_TAG_HEADER = 'x-amz-meta-cache-tag'

/** The header in which S3 serves the fingerprint of an object's original; a CDN removes it. */
export const SOURCE_HASH_HEADER = 'x-amz-meta-source-hash'

/** Unique ids by source key: hashing takes a fortieth of the time of a stored picture. */
const uniqueIds = new LRUCache<string, string>({ max: 10_000 })

/** The tags of an item's pictures: its own and those of everything that it belongs to. */
export function cacheTagsOf(source: SourcePath): readonly string[] {
  const sourceKey = printSourceKey(source)
  const uniqueId = uniqueIds.get(sourceKey) ?? uniqueIdOf(sourceKey)
  uniqueIds.set(sourceKey, uniqueId)
  return [
    CACHE_TAG.vendor(source.vendor),
    CACHE_TAG.family(source.family),
    CACHE_TAG.iconSet(source.iconSet),
    CACHE_TAG.item(uniqueId),
  ]
}

/**
 * The tags of a family's composites, which have one of their own: a take-down of an item purges the composites without the rest of the
 * family.
 */
export const compositeTagsOf = ({ vendor, family }: Pick<CompositePath, 'vendor' | 'family'>): readonly string[] => [
  CACHE_TAG.vendor(vendor),
  CACHE_TAG.family(family),
  CACHE_TAG.composites(family),
]

/** By a vendor's username, or the unique id of a family, set or item. */
export const CACHE_TAG = {
  vendor: (username: string) => `vendor-${username}`,
  family: (uniqueId: string) => `family-${uniqueId}`,
  iconSet: (uniqueId: string) => `set-${uniqueId}`,
  item: (uniqueId: string) => `item-${uniqueId}`,
  composites: (family: string) => `previews-${family}`,
} as const
