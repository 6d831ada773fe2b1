import { AppError } from '../core/errors.ts'
import { causes } from '../core/log.ts'
import { TOMBSTONES_PREFIX } from '../core/visibility.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { Stores } from '../store/open.ts'
import { printLines } from './lines.ts'

/** Lines of one object: a vendor's upload may remove any number of items. */
const LINES_AT_ONCE = 1000

interface App {
  readonly pg: Pg
  readonly stores: Pick<Stores, 'originals'>
}

/**
 * Stores the lines that are waiting with the originals, as `_tombstones/{ms since 1970}-{id}.jsonl`, and returns how many. Called before a
 * change is acknowledged: the change applies from its commit on, whether a store answers or not, and the worker stores what is left. One
 * process at a time, so that the keys are in the order of the changes of one thing: a later line of it has a later id and is stored with
 * or after the earlier one. A line may be stored twice. Throws UNAVAILABLE.
 */
export async function storeTombstones({ pg, stores }: App): Promise<number> {
  for (let stored = 0; ; ) {
    if (!(await FIND_ANY.get(pg))) return stored
    stored += await inTransaction(pg, async (client) => {
      const rows = await CLAIM.all(client, { limit: LINES_AT_ONCE })
      const [first] = rows
      // Another process has stored them meanwhile.
      if (!first) return 0
      const at = (await READ_CLOCK.get(client))?.ms ?? ''
      await stores.originals.putAll(
        [{ key: printKey(at, first.id), bytes: printLines(rows.map(({ line }) => line)) }],
        { contentType: 'application/x-ndjson' },
      )
      await FORGET.run(client, { ids: rows.map(({ id }) => id) })
      return rows.length
    })
  }
}

/** The same for a change that has just been made on somebody's behalf. Throws UNAVAILABLE with a sentence for the log that says so. */
export async function storeTombstonesOf(app: App): Promise<void> {
  try {
    await storeTombstones(app)
  } catch (error) {
    throw new AppError(
      'UNAVAILABLE',
      `The change is made, but its record cannot be stored with the originals yet (${causes(error)}): the worker tries again every minute.`,
      { cause: error },
    )
  }
}

/** Wide enough for the order of texts to be that of numbers. */
const printKey = (ms: string, id: string) => `${TOMBSTONES_PREFIX}${ms.padStart(14, '0')}-${id.padStart(12, '0')}.jsonl`

const FIND_ANY = statement({
  name: 'find-tombstone',
  isPrepared: true,
  text: 'select id from tombstone limit 1',
  columns: { id: 'int8' },
})

// Waits for a process that is storing them.
const CLAIM = statement({
  name: 'claim-tombstones',
  text: 'select id, line from tombstone order by id limit :limit for update',
  parameters: { limit: 'int8' },
  columns: { id: 'int8', line: 'jsonb' },
})

const READ_CLOCK = statement({
  name: 'read-clock',
  text: 'select trunc(extract(epoch from clock_timestamp()) * 1000)::int8 as ms',
  columns: { ms: 'int8' },
})

const FORGET = statement({
  name: 'forget-tombstones',
  text: 'delete from tombstone where id = any(:ids::int8[])',
  parameters: { ids: 'int8[]' },
})
