import type { Task } from 'graphile-worker'
import type { App } from '../src/app.ts'
import { abandonChunk, renderChunk, requeueChunk } from '../src/uploads/render-chunk.ts'
import { chunkTask } from './chunk-task.ts'

/** A chunk of a vendor's upload. */
export const renderUploadTask = (app: App): Task =>
  chunkTask({
    run: (chunkId, signal) => renderChunk(app, chunkId, signal),
    requeue: (chunkId, options) => requeueChunk(app.pg, chunkId, options),
    abandon: (chunkId, reason) => abandonChunk(app, chunkId, reason),
    waiting: 'pictures of an upload wait',
  })
