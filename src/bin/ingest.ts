import { runIngest } from '../commands/ingest.ts'
import { runCommand } from '../commands/run-process.ts'

/** `npm run ingest`: a vendor's archive, checked here and sent to a running service. */
await runCommand(runIngest)
