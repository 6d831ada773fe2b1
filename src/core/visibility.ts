/** Who may see a part of the catalogue, from the least strict to the strictest. */
export const VISIBILITIES = ['PUBLIC', 'UNLISTED', 'PRIVATE'] as const
export type Visibility = (typeof VISIBILITIES)[number]

/**
 * The first part of the keys of PRIVATE items' pictures. No vendor's name begins with an underscore, so no other key begins with it:
 * a store, a CDN's behaviour and a policy can tell by the key alone what is private.
 */
export const PRIVATE_PREFIX = '_private/'

/** The first parts of the keys of what a catalogue is made again from, in the store of originals: see src/recovery. */
export const TOMBSTONES_PREFIX = '_tombstones/'
export const SNAPSHOTS_PREFIX = '_snapshots/'

/** Whether the key is not that of an original, a picture or an archive. */
export const isReservedKey = (key: string): boolean => key.startsWith('_')

export const isPrivateKey = (key: string): boolean => key.startsWith(PRIVATE_PREFIX)

/** Where the object of a picture with this key lies. */
export const placeKey = (key: string, { isPrivate }: { isPrivate: boolean }): string =>
  isPrivate ? PRIVATE_PREFIX + key : key

/** A picture's key in the grammar of variant.ts, wherever its object lies. */
export const withoutPlace = (key: string): string => (isPrivateKey(key) ? key.slice(PRIVATE_PREFIX.length) : key)
