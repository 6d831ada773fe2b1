import type { TakeDown } from '../../prisma/generated/client/client.ts'
import { CACHE_TAG } from '../core/cache-tags.ts'
import {
  compositeFolderOf,
  foldersOf,
  parseSourceKey,
  parseVariantKey,
  printVariantKey,
  variantPrefixOf,
} from '../core/variant.ts'
import type { UrlSecrets } from '../core/version.ts'
import { PRIVATE_PREFIX, withoutPlace } from '../core/visibility.ts'
import type { Prisma } from '../db/database.ts'
import { type RenderDeps, variantKeyOf } from '../variants/make.ts'

/** Where the pictures of a take-down's target are stored. */
export interface TakedownScope {
  /** The column of `item` that holds the target's id. */
  readonly column: 'id' | 'icon_set_id' | 'family_id' | 'vendor_id'
  /** Every key of the target begins with one of them. */
  readonly prefixes: readonly string[]
  /** Whether a key with such a prefix belongs to the target. */
  readonly owns: (key: string) => boolean
  /** The cache tag that all of its pictures have. */
  readonly tag: string
  /** For a part of a family: where the family's composites are stored, and their cache tag. Null if they belong to the target. */
  readonly composites: { readonly folder: string; readonly tag: string } | null
  /**
   * Paths that a CDN may have cached, whether stored or not: a wildcard for each folder; for an item, whose neighbours' names may start
   * with its own, all current keys and aliases.
   */
  readonly paths: readonly string[]
}

/** What keys are made of. */
export type Keys = Pick<RenderDeps, 'presets'> & Pick<UrlSecrets, 'urlSecrets'>

type App = Keys & { readonly prisma: Prisma }

/**
 * Looks up a take-down's target: all of it, or of kind PRIVATE what is public of it. Throws if it does not exist, which is a bug: nothing
 * deletes a part of the catalogue.
 */
export async function locateTarget(
  app: App,
  { kind, ...target }: Pick<TakeDown, 'targetType' | 'targetId' | 'kind'>,
): Promise<TakedownScope> {
  const found = await locate(app, target)
  if (kind === 'PRIVATE') return found
  return { ...found, prefixes: [...found.prefixes, ...found.prefixes.map((prefix) => PRIVATE_PREFIX + prefix)] }
}

/** The target with the prefixes of its public keys. */
async function locate(
  app: App,
  { targetType, targetId: id }: Pick<TakeDown, 'targetType' | 'targetId'>,
): Promise<TakedownScope> {
  const { prisma } = app
  switch (targetType) {
    case 'ITEM':
      return locateItem(app, await prisma.item.findUniqueOrThrow({ where: { id } }))
    case 'ICON_SET': {
      const { kind, uniqueId, family } = await prisma.iconSet.findUniqueOrThrow({
        where: { id },
        include: { family: { include: { vendor: true } } },
      })
      const folders = foldersOf.iconSet({
        vendor: family.vendor.username,
        kind,
        family: family.uniqueId,
        iconSet: uniqueId,
      })
      const composites = compositesOf({ vendor: family.vendor.username, family: family.uniqueId })
      return { column: 'icon_set_id', tag: CACHE_TAG.iconSet(uniqueId), ...whole(folders), composites }
    }
    case 'FAMILY': {
      const { uniqueId, vendor } = await prisma.family.findUniqueOrThrow({ where: { id }, include: { vendor: true } })
      const folders = foldersOf.family({ vendor: vendor.username, family: uniqueId })
      return { column: 'family_id', tag: CACHE_TAG.family(uniqueId), ...whole(folders) }
    }
    case 'VENDOR': {
      const { username } = await prisma.vendor.findUniqueOrThrow({ where: { id } })
      return { column: 'vendor_id', tag: CACHE_TAG.vendor(username), ...whole(foldersOf.vendor({ vendor: username })) }
    }
  }
}

const whole = (folders: readonly string[]) => ({
  prefixes: folders,
  owns: () => true,
  composites: null,
  paths: folders.map((folder) => `${folder}*`),
})

const compositesOf = (at: { vendor: string; family: string }) => ({
  folder: compositeFolderOf(at),
  tag: CACHE_TAG.composites(at.family),
})

function locateItem(app: Keys, item: { uniqueId: string; sourceKey: string; sourceHash: string }): TakedownScope {
  const path = parseSourceKey(item.sourceKey)
  if (!path) throw new Error(`${item.sourceKey} is not a source key`)
  const paths = [...app.presets.values()].flatMap(({ name: preset, formats }) =>
    formats.flatMap((format) => [
      ...app.urlSecrets.map((urlSecret) => variantKeyOf({ ...app, urlSecret }, item, { preset, format })),
      printVariantKey({ ...path, preset, format, version: null }),
    ]),
  )
  // `arrow-` begins the keys of `arrow-left` as well; a slug ends before the last dash, so parsing the key distinguishes them.
  const owns = (key: string) => parseVariantKey(withoutPlace(key))?.slug === path.slug
  const composites = compositesOf(path)
  return {
    column: 'id',
    prefixes: [variantPrefixOf(path)],
    owns,
    tag: CACHE_TAG.item(item.uniqueId),
    composites,
    paths,
  }
}
