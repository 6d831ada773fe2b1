import { runImport } from '../commands/import.ts'
import { runCommand } from '../commands/run-process.ts'

/** `npm run import`: a directory, a bucket or Iconify on its way into the catalogue. */
await runCommand(runImport)
