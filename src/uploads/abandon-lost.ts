import { abandonUpload } from './ingest-upload.ts'
import { abandonChunk, type ChunkRenderer } from './render-chunk.ts'

const REASON = 'The worker died at every attempt; its log may say why.'

/**
 * Ends uploads whose jobs have no attempt left because the worker died each time: a task that fails ends its upload itself
 * after the last attempt, one that crashes its process cannot. Any number of workers may call it.
 */
export async function abandonLost(app: ChunkRenderer): Promise<void> {
  const { rows } = await app.pg.query<{ id: string; task: string; key: string }>(
    `select id, task_identifier as task, key from graphile_worker.jobs
     where task_identifier in ('ingest_upload', 'render_upload') and attempts >= max_attempts and locked_at is null`,
  )
  for (const { id, task, key } of rows) {
    const number = Number(key.slice(key.indexOf(':') + 1))
    if (task === 'ingest_upload') await abandonUpload(app.pg, number, REASON)
    else await abandonChunk(app, number, REASON)
    await app.pg.query('select graphile_worker.complete_jobs(array[$1::bigint])', [id])
  }
}
