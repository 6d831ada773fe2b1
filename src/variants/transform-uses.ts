import { flushPeriodically, type PeriodicFlush } from '../core/flush-periodically.ts'
import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** Records that transform pictures are still requested: at most once a day for each, and never while a request waits. */
export interface TransformUses extends PeriodicFlush {
  /** Only writes to memory. @param objectKey a picture whose last use was recorded at least a day ago */
  note(objectKey: string): void
}

/** Uses beyond this number are recorded by the next request for the picture. */
const WAITING_MAX = 5000

export function openTransformUses(pg: Pg): TransformUses {
  let waiting = new Set<string>()

  async function write(): Promise<void> {
    const objectKeys = [...waiting].sort()
    waiting = new Set()
    if (objectKeys.length === 0) return
    await NOTE_USES.run(pg, { objectKeys }).catch((error) =>
      logFailure('recording the use of transforms failed; the next request will record it', error),
    )
  }
  return {
    ...flushPeriodically(write),
    note(objectKey) {
      if (waiting.size < WAITING_MAX) waiting.add(objectKey)
    },
  }
}

// Several processes may record the same picture: only the first writes.
const NOTE_USES = statement({
  name: 'note-transform-uses',
  text: `
    update image set used_at = now()
    where object_key = any(:objectKeys::text[]) and used_at < now() - interval '1 day'`,
  parameters: { objectKeys: 'text[]' },
})
