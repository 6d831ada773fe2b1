import { AsyncLocalStorage } from 'node:async_hooks'
import type { Queryable } from './statement.ts'

/** A change in progress on behalf of somebody, and what is to be written in its transaction. */
interface Change {
  /** What it concerns: a node id, or a name. */
  target: string | null
  /** Writes its record; null once that has been done. */
  record: ((db: Queryable, target: string | null) => Promise<void>) | null
}

const inProgress = new AsyncLocalStorage<Change>()

/**
 * Runs a change whose record is written in its first transaction, just before the commit: it exists if and only if the change does.
 * Without a transaction it is written afterwards, in a statement of its own.
 * @param options.target what the change concerns, unless `nameTarget` names something that it creates
 * @param options.record writes the record
 */
export async function runChange<T>(
  db: Queryable,
  options: { readonly target: string | null; readonly record: (db: Queryable, target: string | null) => Promise<void> },
  work: () => Promise<T>,
): Promise<T> {
  const change: Change = { ...options }
  const result = await inProgress.run(change, work)
  if (change.record) await writeRecord(db, change)
  return result
}

/** Names what the change in progress has created. Has no effect outside of one, such as in a worker. */
export function nameTarget(target: string): void {
  const change = inProgress.getStore()
  if (change) change.target = target
}

/** Writes the record of the change in progress, if it has not been written yet. The last step of a transaction. */
export async function writeChange(client: Queryable): Promise<void> {
  const change = inProgress.getStore()
  if (change?.record) await writeRecord(client, change)
}

async function writeRecord(db: Queryable, change: Change): Promise<void> {
  const { record, target } = change
  change.record = null
  await record?.(db, target)
}
