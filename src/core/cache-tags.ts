import { type CompositePath, printSourceKey, type SourcePath, uniqueIdOf } from './variant.ts'

/** What a CDN can invalidate pictures by, and the headers that carry it. Pure. */

/** The header in which S3 serves an object's cache tags, and the origin handler its response's. */
export const CACHE_TAG_HEADER = 'x-amz-meta-cache-tag'

/** The header in which S3 serves the fingerprint of the original that an object was made from; a CDN removes it. */
export const SOURCE_HASH_HEADER = 'x-amz-meta-source-hash'

/** What a CDN can invalidate an item's pictures by: its own tag and those of all that it belongs to. */
export const cacheTagsOf = (source: SourcePath): readonly string[] => [
  CACHE_TAG.vendor(source.vendor),
  CACHE_TAG.family(source.family),
  CACHE_TAG.iconSet(source.iconSet),
  CACHE_TAG.item(uniqueIdOf(printSourceKey(source))),
]

/** The same of a family's composites, which have a tag of their own: a take-down of an item purges them and not the family. */
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
