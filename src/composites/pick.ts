import { createHash } from 'node:crypto'
import { type Appearance, createNearDuplicate } from './near-duplicate.ts'

/** An item that may be shown. */
export interface Candidate extends Appearance {
  readonly itemId: number
  readonly uniqueId: string
  /** Its key in the originals store. */
  readonly originalKey: string
  readonly iconSetId: number
  /** Number of candidates in its set, including those that were not loaded. */
  readonly ofSet: number
}

/** What determines a pick, apart from the candidates. */
export interface PickSettings {
  readonly seed: number
  /** Always shown, first and in this order, if they are candidates. */
  readonly pinned: readonly number[]
}

/**
 * Picks members in the order of their cells: random, but always the same for the same seed and candidates, whatever their order and
 * database ids. Spread over the sets in proportion to their sizes (Sainte-Laguë), with at least one of each while there are cells;
 * without near-duplicates.
 * @param options.countFor how many of the available members are shown; called with at most `max`
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
  // Shuffled: otherwise the first items of all sets would be next to each other.
  const rest = shown.slice(pinned.length).map((member) => ({ member, at: rankOf(seed, `cell ${member.uniqueId}`) }))
  return [...shown.slice(0, pinned.length), ...rest.sort(by(({ at }) => at)).map(({ member }) => member)]
}

/** A pseudo-random number in hex from seed and text, the same everywhere. find-candidates.ts computes it in SQL. */
export const rankOf = (seed: number, text: string): string => createHash('md5').update(`${seed}:${text}`).digest('hex')

/**
 * Orders candidates so that every prefix of the list is spread in proportion: first one of each set, then by the fraction of the set that
 * is used. A pinned one counts for its set.
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
