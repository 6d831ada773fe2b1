import { createHash } from 'node:crypto'
import type { Layout } from '../core/layouts.ts'
import type { Pg } from '../db/database.ts'
import { cellsMaxOf, countFor } from './arrange.ts'
import { type Candidate, findCandidates, findMembers } from './find-candidates.ts'
import { pick } from './pick.ts'
import type { Settings, StoredPick } from './record.ts'

/** The items shown, in the order of the cells. */
export interface Members {
  readonly items: readonly Candidate[]
  readonly membersHash: string
}

/**
 * Chooses the members of a family's picture.
 * @param options.kept a pick to keep if all of its members can still be shown with unchanged sources; null: a new one
 */
export async function chooseMembers(
  pg: Pg,
  wanted: { familyId: number; name: string; layout: Layout; settings: Settings; kept: StoredPick | null },
): Promise<Members> {
  const { familyId, name, layout, settings, kept } = wanted
  if (kept) {
    const items = await findMembers(pg, kept.members)
    const membersHash = hashMembers(items, { seed: kept.seed, layout, name })
    if (membersHash === kept.membersHash) return { items, membersHash }
  }
  const { seed, pinned } = settings
  const candidates = await findCandidates(pg, { familyId, ...settings })
  const max = cellsMaxOf(layout)
  const items = pick(candidates, { seed, pinned, max, countFor: (available) => countFor(layout, available) })
  return { items, membersHash: hashMembers(items, { seed, layout, name }) }
}

/**
 * Hash of everything except the layout that determines the pixels: the same seed and the same sources in the same order give the same
 * bytes.
 */
function hashMembers(
  items: readonly Candidate[],
  { seed, layout, name }: { seed: number; layout: Layout; name: string },
): string {
  const shownName = layout.nameSize > 0 ? name : null
  const definition = [seed, shownName, ...items.map(({ sourceHash }) => sourceHash)]
  return createHash('sha256').update(JSON.stringify(definition)).digest('hex')
}
