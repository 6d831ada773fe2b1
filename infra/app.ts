import { App } from 'aws-cdk-lib'
import { AppError } from '../src/core/errors.ts'
import { createAccessLogs } from './access-logs.ts'
import { readOptions, readStage, stackName } from './options.ts'
import { createStacks } from './stack.ts'

// Run by `cdk`, see cdk.json. Needs no account, credentials or network: nothing is looked up.
const app = new App()
const option = (name: string): unknown => app.node.tryGetContext(name)
try {
  const distributionId = option('accessLogsOf')
  if (distributionId === undefined) createStacks(app, readOptions(option))
  else createAccessLogs(app, { distributionId, id: `${stackName(readStage(option))}-access-logs` })
} catch (error) {
  if (!(error instanceof AppError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
