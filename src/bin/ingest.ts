import { runIngest } from '../commands/ingest.ts'
import { runCommand } from '../commands/run-process.ts'

/** `npm run ingest`: checks a vendor's archive and sends it to a running service. */
await runCommand(runIngest)
