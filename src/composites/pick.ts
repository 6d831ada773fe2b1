import { createHash } from 'node:crypto'
import { createNearDuplicate, type Look } from './near-duplicate.ts'

/** An item that may be shown. */
export interface Candidate extends Look {
  readonly itemId: number
  readonly uniqueId: string
  /** Where its bytes lie in the originals store. */
  readonly originalKey: string
  readonly iconSetId: number
  /** Candidates that its set has, with those that were not looked at. */
  readonly ofSet: number
}

/** What decides a pick beside the candidates. */
export interface PickSettings {
  readonly seed: number
  /** Shown in any case and first, in this order, as far as they are candidates. */
  readonly pinned: readonly number[]
}

/**
 * Picks members in the order of their cells: random, but always the same for the same seed and candidates, whatever their
 * order and database ids. Spread over the sets in proportion to their sizes (Sainte-Lague), with at least one of each
 * while there are cells; none looks like another.
 * @param options.countFor how many of so many members are shown; asked with at most `max`
 */
export function pick<C extends Candidate>(
  candidates: readonly C[],
  options: PickSettings & { readonly max: number; readonly countFor: (available: number) => number },
): C[] {
  const { seed, max, countFor } = options
  const byId = new Map(candidates.map((candidate) => [candidate.itemId, candidate]))
  const pinned = [...new Set(options.pinned)].flatMap((id) => byId.get(id) ?? []).slice(0, max)
  const isPinned = new Set(pinned.map(({ itemId }) => itemId))
  const chosen = [...pinned]
  const isNearDuplicate = createNearDuplicate()
  for (const candidate of inOrder(candidates, { seed, first: pinned })) {
    if (chosen.length === max) break
    if (isPinned.has(candidate.itemId) || chosen.some((other) => isNearDuplicate(candidate, other))) continue
    chosen.push(candidate)
  }
  const shown = chosen.slice(0, Math.max(countFor(chosen.length), 0))
  // In the order of their choice the sets' firsts would stand together.
  const rest = shown.slice(pinned.length).map((member) => ({ member, at: rankOf(seed, `cell ${member.uniqueId}`) }))
  return [...shown.slice(0, pinned.length), ...rest.sort(by(({ at }) => at)).map(({ member }) => member)]
}

/** A number in hex that seed and text decide: as good as random, and the same everywhere. find-candidates.ts has it in SQL. */
export const rankOf = (seed: number, text: string): string => createHash('md5').update(`${seed}:${text}`).digest('hex')

/**
 * Candidates so that every beginning of the list is spread in proportion: first one of each set, then by the share of its
 * set that has come. A pinned one counts for its set.
 */
function inOrder<C extends Candidate>(
  candidates: readonly C[],
  { seed, first }: { seed: number; first: readonly C[] },
): C[] {
  const isFirst = new Set(first)
  const ranked = candidates.map((candidate) => ({ candidate, rank: rankOf(seed, candidate.uniqueId) }))
  const sets = Map.groupBy(ranked, ({ candidate }) => candidate.iconSetId)
  const ordered = [...sets.values()].flatMap((members) => {
    const sorted = members
      .sort(by(({ rank }) => rank))
      .sort(by(({ candidate }) => (isFirst.has(candidate) ? '0' : '1')))
    return sorted.map((member, index) => ({
      ...member,
      share: index === 0 ? 0 : (index + 0.5) / member.candidate.ofSet,
    }))
  })
  return ordered.sort((a, b) => a.share - b.share || (a.rank < b.rank ? -1 : 1)).map(({ candidate }) => candidate)
}

const by =
  <T>(key: (value: T) => string) =>
  (a: T, b: T): number =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0
