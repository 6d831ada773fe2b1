import { z } from 'zod'
import { execute, fetchFirst, now, query } from '../db/query.ts'
import type { Queryable } from '../db/statement.ts'

export const STEPS = ['snapshot', 'originals', 'tombstones', 'pictures', 'private pictures'] as const

/** How far an unfinished rebuild has come. */
const cursor = z.object({
  step: z.enum(STEPS),
  /** The last key of this step that is done with. */
  afterKey: z.string(),
  /** When the snapshot that it started from was taken; null: there was none. */
  takenAt: z.coerce.date().nullable(),
})
export type RebuildCursor = z.output<typeof cursor>

/** The row of `import_cursor`; an import's source has a slash. */
const SOURCE = 'rebuild'

/** Null: no rebuild has begun, or the last one is done. */
export async function readRebuildCursor(db: Queryable): Promise<RebuildCursor | null> {
  const row = await fetchFirst(db, query.selectFrom('import_cursor').select('after_key').where('source', '=', SOURCE))
  return row ? cursor.parse(JSON.parse(row.after_key)) : null
}

/** Records what is done, in the transaction of what was done where there is one. */
export async function moveRebuildCursor(db: Queryable, to: RebuildCursor): Promise<void> {
  const after_key = JSON.stringify(to)
  const moving = query.insertInto('import_cursor').values({ source: SOURCE, after_key })
  await execute(
    db,
    moving.onConflict((known) => known.column('source').doUpdateSet({ after_key, updated_at: now })),
  )
}

/** The rebuild is done: the next one begins anew. */
export async function dropRebuildCursor(db: Queryable): Promise<void> {
  await execute(db, query.deleteFrom('import_cursor').where('source', '=', SOURCE))
}
