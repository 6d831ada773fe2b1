import { runProcess } from '../src/commands/run-process.ts'
import { loadSupervisedConfig } from '../src/core/config/supervised.ts'
import { configureLog } from '../src/core/log.ts'
import { openWorker } from './open-worker.ts'

/** A worker: one of any number of processes, using DATABASE_URL and shared stores. */
await runProcess(async (stop) => {
  const config = await loadSupervisedConfig()
  configureLog(config.log)
  return { close: await openWorker(config, stop) }
})
