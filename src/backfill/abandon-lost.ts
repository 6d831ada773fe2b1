import { findExhausted } from '../jobs/exhausted.ts'
import { abandonBackfill, COMPOSING, PLANNING } from './order.ts'
import { abandonChunk, type ChunkRunner } from './run-chunk.ts'

const REASON = 'The worker died at every attempt; its log may say why.'
const CAUSE = 'the worker died; its log may say why.'

/**
 * Ends chunks and backfills whose jobs have no attempts left, as src/uploads/abandon-lost.ts does for uploads. Any number of
 * workers may call it.
 */
export async function abandonLostBackfills(app: ChunkRunner): Promise<void> {
  const { pg } = app
  for (const { payload, remove } of await findExhausted(pg, 'run_chunk')) {
    await abandonChunk(app, payload.chunkId, REASON)
    await remove(pg)
  }
  for (const { payload, remove } of await findExhausted(pg, 'plan_backfill')) {
    await abandonBackfill(pg, payload.backfillId, { step: PLANNING, cause: CAUSE })
    await remove(pg)
  }
  for (const { payload, remove } of await findExhausted(pg, 'compose_backfill')) {
    await abandonBackfill(pg, payload.backfillId, { step: COMPOSING, cause: CAUSE })
    await remove(pg)
  }
}
