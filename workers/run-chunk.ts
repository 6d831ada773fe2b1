import type { Task } from 'graphile-worker'
import type { App } from '../src/app.ts'
import { abandonChunk, requeueChunk, runChunk } from '../src/backfill/run-chunk.ts'
import { chunkTask } from './chunk-task.ts'

/** A chunk of a backfill. */
export const runChunkTask = (app: App): Task =>
  chunkTask({
    run: (chunkId, signal) => runChunk(app, chunkId, signal),
    requeue: (chunkId, options) => requeueChunk(app.pg, chunkId, options),
    abandon: (chunkId, reason) => abandonChunk(app, chunkId, reason),
    waiting: 'a chunk waits',
  })
