import { PRIVATE_PREFIX } from '../core/visibility.ts'

/**
 * SQL for `item.visibility`, which is the strictest of the item's own, its set's and its family's. The database computes it and applies
 * every change to all items below in one transaction: see prisma/migrations/20261128030000_visibility.
 */

/** SQL: whether the item with this alias is PRIVATE: nothing of it is public. */
export const IS_PRIVATE = (item: string) => `${item}.visibility = 'PRIVATE'`

/**
 * SQL: whether the object of an image lies where its item's visibility requires. One that does not was recorded by a render that began
 * before a change; it counts as missing until it is deleted or made again.
 */
export const IN_PLACE = (image: string, item: string) =>
  `starts_with(${image}.object_key, '${PRIVATE_PREFIX}') = (${IS_PRIVATE(item)})`

/**
 * SQL: whether a composite of its family may show the item: a composite is as public as its family, so it shows only what is no stricter
 * than that, and nothing PRIVATE.
 */
export const IN_COMPOSITES = (item: string) =>
  `${item}.visibility <> 'PRIVATE' and ${item}.visibility <= (select visibility from family where id = ${item}.family_id)`
