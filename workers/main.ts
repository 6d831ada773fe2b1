import { runProcess } from '../src/commands/run-process.ts'
import { loadConfig } from '../src/core/config.ts'
import { configureLog } from '../src/core/log.ts'
import { openWorker } from './open-worker.ts'

/** A worker: one process of any number, against DATABASE_URL and shared stores. */
await runProcess((stop) => {
  const config = loadConfig()
  configureLog(config.log)
  return openWorker(config, stop)
})
