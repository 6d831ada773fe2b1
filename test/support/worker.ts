import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { App } from '../../src/app.ts'
import { WORKER_FLAGS } from '../../src/embedded/supervise.ts'

/** A real worker process on the app's database and stores. */
export function startWorker(app: App, env: Record<string, string> = {}) {
  const { databaseUrl, dataDir, childEnv } = app.config
  const child = fork(path.join(import.meta.dirname, '../../workers/main.ts'), {
    execArgv: WORKER_FLAGS,
    env: { ...childEnv(databaseUrl ?? ''), DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.on('data', (text) => {
    said += text
  })
  const gone = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
  })
  return { child, gone, said: () => said }
}
