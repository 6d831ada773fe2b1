import { runCommand } from '../commands/run-process.ts'
import { runToken } from '../commands/token.ts'

/** `npm run token`: creates, lists and revokes tokens. */
await runCommand(runToken)
