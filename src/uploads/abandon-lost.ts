import { findExhausted } from '../jobs/exhausted.ts'
import { abandonUpload } from './ingest-upload.ts'
import { abandonChunk, type ChunkRenderer } from './render-chunk.ts'

const REASON = 'The worker died at every attempt; its log may say why.'

/**
 * Ends uploads whose jobs have no attempts left because the worker died each time: a task that fails ends its upload itself after the
 * last attempt, one that crashes its process cannot. Any number of workers may call it.
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
