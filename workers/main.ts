import { runProcess } from '../src/commands/run-process.ts'
import { loadConfig } from '../src/core/config.ts'
import { openWorker } from './open-worker.ts'

/** A worker: one process of any number, against DATABASE_URL and shared stores. */
await runProcess((stop) => openWorker(loadConfig(), stop))
