import { runRotate } from '../commands/rotate.ts'
import { runCommand } from '../commands/run-process.ts'

/** `npm run rotate`: rotates the secret of URLs. */
await runCommand(runRotate)
