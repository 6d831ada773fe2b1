import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { UploadProblem } from './end-upload.ts'
import type { OpenedArchive } from './open-archive.ts'

/**
 * The parts of a manifest that its vendor may not change: another vendor's family or set, a set of another family, and a set of the other
 * kind. Empty if there are none.
 */
export async function findForeign(pg: Pg, vendor: string, archive: OpenedArchive): Promise<UploadProblem[]> {
  const { sets } = archive
  if (archive.vendor !== vendor) {
    const message = `The manifest states vendor ${archive.vendor}, and the upload vendor ${vendor}: correct one of them.`
    return [problem('FOREIGN_VENDOR', '/vendor', message)]
  }
  const rows = await FIND_OWNERS.all(pg, {
    families: sets.map(({ family }) => family.uniqueId),
    iconSets: sets.map(({ iconSet }) => iconSet.uniqueId),
  })
  const found = new Map<string, UploadProblem>()
  for (const [index, { pointer, family, iconSet }] of sets.entries()) {
    const owned = rows[index]
    if (!owned) throw new Error('the database returned fewer rows than sets')
    const at = { family: pointer.slice(0, pointer.indexOf('/sets/')), set: pointer }
    if (owned.family_vendor !== null && owned.family_vendor !== vendor)
      found.set(
        at.family,
        problem('FOREIGN_FAMILY', at.family, `Family ${family.uniqueId} belongs to another vendor: use another id.`),
      )
    else if (owned.set_family !== null && owned.set_family !== family.uniqueId)
      found.set(
        at.set,
        problem('FOREIGN_SET', at.set, `Set ${iconSet.uniqueId} belongs to another family: use another id.`),
      )
    else if (owned.set_kind !== null && owned.set_kind !== iconSet.kind)
      found.set(
        at.set,
        problem('WRONG_KIND', at.set, `Set ${iconSet.uniqueId} holds ${owned.set_kind}S, which cannot change.`),
      )
  }
  return [...found.values()]
}

const problem = (code: string, pointer: string, message: string): UploadProblem => ({
  code,
  file: 'manifest.json',
  pointer,
  message,
})

const FIND_OWNERS = statement({
  name: 'find-owners',
  text: `
    select v.username as family_vendor, sf.unique_id as set_family, s.kind as set_kind
    from unnest(:families::text[], :iconSets::text[]) with ordinality as t(family, icon_set, n)
    left join family f on f.unique_id = t.family left join vendor v on v.id = f.vendor_id
    left join icon_set s on s.unique_id = t.icon_set left join family sf on sf.id = s.family_id
    order by t.n`,
  parameters: { families: 'text[]', iconSets: 'text[]' },
  columns: { family_vendor: 'text?', set_family: 'text?', set_kind: 'item_kind?' },
})
