import { compositeTagsOf } from '../core/cache-tags.ts'
import { AppError } from '../core/errors.ts'
import type { Layouts } from '../core/layouts.ts'
import { type ImageFormat, parseCompositeKey, printCompositeKey } from '../core/variant.ts'
import type { UrlSecrets } from '../core/version.ts'
import type { Pg } from '../db/database.ts'
import { fetchFirst, query } from '../db/query.ts'
import { type Issued, type IssuedImage, issuedVersion } from '../variants/find.ts'
import { imageOf } from '../variants/locate.ts'
import type { EnsureComposite } from './ensure.ts'
import { type LocatedComposite, locateComposite, type PickHashes } from './locate.ts'
import { offeredLayoutFormat } from './offered.ts'

interface Origin extends UrlSecrets {
  readonly pg: Pg
  readonly layouts: Layouts
  readonly ensureComposite: EnsureComposite
}

/** The stable alias of a family's picture, as a key. Throws NOT_FOUND, and BAD_INPUT for a format that is not offered. */
export async function findStableCompositeKey(
  { pg, layouts }: Pick<Origin, 'pg' | 'layouts'>,
  { uniqueId, layout: name, format }: { uniqueId: string; layout: string; format: ImageFormat },
): Promise<string> {
  const layout = layouts.get(name)
  if (!layout)
    throw new AppError('NOT_FOUND', `There is no layout ${name}; the layouts are ${[...layouts.keys()].join(', ')}.`)
  offeredLayoutFormat(layout, format)
  const families = query.selectFrom('family as f').innerJoin('vendor as v', 'v.id', 'f.vendor_id').select('v.username')
  const found = await fetchFirst(
    pg,
    families.where('f.unique_id', '=', uniqueId).where('f.visibility', '<>', 'PRIVATE'),
  )
  if (!found) throw new AppError('NOT_FOUND', `There is no family ${uniqueId}.`)
  return printCompositeKey({ vendor: found.username, family: uniqueId, layout: name, version: null, format })
}

/** Resolves the key of a composite. Null: it was never issued. Costs one indexed look-up, and a hash for each earlier pick. */
export async function findComposite(origin: Origin, key: string): Promise<IssuedImage | null> {
  const path = parseCompositeKey(key)
  const layout = path && origin.layouts.get(path.layout)
  if (!path || !layout?.formats.includes(path.format)) return null
  const located = await locateComposite(origin.pg, { ...path, layout })
  if (!located) return null
  const issued = issuedAs(origin, path.version, located)
  if (!issued) return null
  const { freshness, urlSecret } = issued
  return {
    freshness,
    format: path.format,
    preset: layout.name,
    vendor: path.vendor,
    cacheTags: compositeTagsOf(path),
    isPrivate: false,
    image: located.takenDown || !located.isClean ? null : imageOf(located.images, urlSecret),
    ensure: (viewer) => origin.ensureComposite(located, viewer, urlSecret),
    placeholder: null,
    // The pick may have changed by then.
    keyOf: ({ objectKey }) => objectKey,
  }
}

/** Whether the version was issued: for the current pick, for an earlier one, or never. */
function issuedAs(origin: Origin, version: string | null, { pick, isClean, earlier }: LocatedComposite): Issued | null {
  if (version === null) return { freshness: 'alias', urlSecret: origin.urlSecret }
  const versioned = ({ membersHash, recipeHash }: PickHashes) => ({ sourceHash: membersHash, recipeHash })
  return issuedVersion(origin, version, {
    current: pick && isClean ? versioned(pick) : null,
    earlier: () => [...(pick ? [pick] : []), ...earlier].map(versioned),
  })
}
