import { findExhausted } from '../jobs/exhausted.ts'
import { abandonUpload } from './ingest-upload.ts'
import { abandonChunk, type ChunkRenderer } from './render-chunk.ts'

const REASON = 'The worker died at every attempt; its log may say of what.'

/**
 * Ends what no worker will try again: a task that fails says so itself after its last attempt, one that takes its process
 * along cannot. Any number of workers may.
 */
export async function abandonLost(app: ChunkRenderer): Promise<void> {
  for (const { payload, remove } of await findExhausted(app.pg, 'ingest_upload')) {
    await abandonUpload(app.pg, payload.uploadId, REASON)
    await remove(app.pg)
  }
  for (const { payload, remove } of await findExhausted(app.pg, 'render_upload')) {
    await abandonChunk(app, payload.chunkId, REASON)
    await remove(app.pg)
  }
}
