import { runProcess } from '../commands/run-process.ts'
import { startAll } from '../commands/start.ts'

/** `npm start`: Postgres, API, worker, demo and progress on one machine. */
await runProcess(startAll)
