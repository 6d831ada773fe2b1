import { findExhausted } from '../jobs/exhausted.ts'
import { abandonChunk, type ChunkRunner } from './run-chunk.ts'

const REASON = 'The worker died at every attempt; its log may say why.'

/** Ends chunks whose jobs have no attempts left, as src/uploads/abandon-lost.ts does for uploads. Any number of workers may call it. */
export async function abandonLostChunks(app: ChunkRunner): Promise<void> {
  for (const { payload, remove } of await findExhausted(app.pg, 'run_chunk')) {
    await abandonChunk(app, payload.chunkId, REASON)
    await remove(app.pg)
  }
}
