import { openApp } from '../app.ts'
import { runProcess } from '../commands/run-process.ts'
import { loadConfig } from '../core/config.ts'
import { configureLog } from '../core/log.ts'
import { serve } from '../http/server.ts'

/** The API: one process of any number, against DATABASE_URL and shared stores. */
await runProcess(async () => {
  const config = loadConfig()
  configureLog(config.log)
  const app = await openApp(config)
  const server = await serve(app).catch(async (error) => {
    await app.close()
    throw error
  })
  process.stdout.write(`Afterimage API at ${server.url}/graphql\n`)
  return async () => {
    await server.close()
    await app.close()
  }
})
