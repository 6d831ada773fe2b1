import { openApp } from '../app.ts'
import { runProcess } from '../commands/run-process.ts'
import { loadConfig } from '../core/config.ts'
import { configureLog } from '../core/log.ts'
import { serve } from '../http/server.ts'

/** The API: one process of any number, against DATABASE_URL and shared stores. */
await runProcess(async () => {
  const config = loadConfig()
  configureLog(config.log)
  await using opening = new AsyncDisposableStack()
  const app = await openApp(config)
  opening.defer(app.close)
  const server = await serve(app)
  opening.defer(server.close)
  process.stdout.write(`Afterimage API at ${server.url}/graphql\n`)
  const owner = opening.move()
  return () => owner.disposeAsync()
})
