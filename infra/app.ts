import { App } from 'aws-cdk-lib'
import { AppError } from '../src/core/errors.ts'
import { createStack } from './stack.ts'

// Run by `cdk`, see cdk.json. Needs no account, credentials or network: nothing is looked up.
const app = new App()
try {
  createStack(app, {
    domain: app.node.tryGetContext('originDomain'),
    protocol: app.node.tryGetContext('originProtocol'),
    cdnPublicKey: app.node.tryGetContext('cdnPublicKey'),
    eventsSecret: app.node.tryGetContext('eventsSecret'),
  })
} catch (error) {
  if (!(error instanceof AppError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
