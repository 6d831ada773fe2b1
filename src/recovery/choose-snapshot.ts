import { AppError } from '../core/errors.ts'
import type { Store } from '../store/store.ts'
import type { RebuildCursor } from './cursor.ts'
import { listSnapshots, type Snapshot } from './snapshot.ts'

/** A catalogue seldom loses half of its items within a week; a service that was started on the wrong database has almost none. */
const SHRUNK = 0.5

/**
 * The snapshot to rebuild from: the one that is named, the one that an interrupted rebuild began with, or the latest; null if there is none.
 * Throws BAD_INPUT if it is gone, and if nobody named it and the latest has less than half of the items of an earlier one: then a person
 * has to say which one is the catalogue.
 */
export async function chooseSnapshot(
  originals: Store,
  { named, begun }: { named: string | null; begun: RebuildCursor | null },
): Promise<Snapshot | null> {
  const all = await listSnapshots(originals)
  const missing = (what: string) =>
    new AppError(
      'BAD_INPUT',
      `There is no snapshot ${what} in ${originals.name}; there are ${all.map(({ name }) => name).join(', ') || 'none'}.`,
    )
  const chosen = named === null ? null : all.find(({ name }) => name === named)
  if (chosen === undefined) throw missing(named ?? '')
  if (begun) {
    const same = all.find(({ takenAt }) => takenAt.getTime() === begun.takenAt?.getTime())
    if (chosen && chosen !== same)
      throw new AppError(
        'BAD_INPUT',
        `This database has been rebuilt in part from ${same?.name ?? 'no snapshot'}: omit --snapshot to continue, or start with another empty database.`,
      )
    if (begun.takenAt && !same && begun.step === 'snapshot') throw missing(`of ${begun.takenAt.toISOString()}`)
    return same ?? null
  }
  return chosen ?? latest(all)
}

function latest(all: readonly Snapshot[]): Snapshot | null {
  const last = all.at(-1) ?? null
  const largest = all.reduce((most, each) => (itemsOf(each) > itemsOf(most) ? each : most), all[0] as Snapshot)
  if (last && itemsOf(last) < itemsOf(largest) * SHRUNK)
    throw new AppError(
      'BAD_INPUT',
      `The latest snapshot, ${last.name}, has less than half of the items of ${largest.name} (${itemsOf(last)} of ${itemsOf(largest)}): say with --snapshot which one to rebuild from.`,
    )
  return last
}

const itemsOf = ({ parts }: Snapshot): number =>
  parts.reduce((sum, { table, rows }) => sum + (table === 'item' ? rows : 0), 0)
