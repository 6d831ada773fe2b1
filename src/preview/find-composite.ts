import { compositeTagsOf } from '../cache-tags.ts'
import type { Pg } from '../catalogue/database.ts'
import { type LocatedComposite, locateComposite, type PickHashes } from '../catalogue/locate-composite.ts'
import type { Found } from '../deliver/origin-handler.ts'
import type { Layouts } from '../layouts.ts'
import { parseCompositeKey, sameVersion, versionOf } from '../variant.ts'
import type { EnsureComposite } from './ensure-composite.ts'

interface Origin {
  readonly pg: Pg
  readonly layouts: Layouts
  readonly urlSecret: string
  readonly ensureComposite: EnsureComposite
}

/** What a key of a composite stands for. Null: it was never issued. One indexed look-up, and a hash for each earlier pick. */
export async function findComposite(origin: Origin, key: string): Promise<Found | null> {
  const path = parseCompositeKey(key)
  const layout = path && origin.layouts.get(path.layout)
  if (!path || !layout?.formats.includes(path.format)) return null
  const located = await locateComposite(origin.pg, { ...path, layout })
  if (!located) return null
  const age = ageOf(origin, path.version, located)
  if (age === null) return null
  return {
    age,
    format: path.format,
    cacheTags: compositeTagsOf(path),
    image: located.takenDown || !located.isClean ? null : located.image,
    ensure: () => origin.ensureComposite(located),
    // The pick may be another one by then.
    keyOf: ({ objectKey }) => objectKey,
  }
}

/** Whether we issued the version: for the pick as it is, for an earlier one, or never. */
function ageOf({ urlSecret }: Origin, version: string | null, located: LocatedComposite): Found['age'] | null {
  if (version === null) return 'alias'
  const issued = ({ membersHash, recipeHash }: PickHashes) =>
    sameVersion(version, versionOf(urlSecret, membersHash, recipeHash))
  if (located.pick && issued(located.pick)) return located.isClean ? 'current' : 'outdated'
  return located.earlier.some(issued) ? 'outdated' : null
}
