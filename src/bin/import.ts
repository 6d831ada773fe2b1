import { runImport } from '../commands/import.ts'
import { runCommand } from '../commands/run-process.ts'

/** `npm run import`: imports a directory, a bucket or Iconify into the catalogue. */
await runCommand(runImport)
