import { startApi } from '../commands/api.ts'
import { runProcess } from '../commands/run-process.ts'

/** `npm run api`: an API. */
await runProcess(startApi)
