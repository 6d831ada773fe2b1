import { type ForkOptions, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { App } from '../../src/app.ts'
import type { Serving } from '../../src/core/config/supervised.ts'
import { WORKER_FLAGS } from '../../src/embedded/supervise.ts'

/** A real worker process on the app's database and stores. */
export const startWorker = (app: App, env: Record<string, string> = {}) =>
  startProgram(app, 'workers/main.ts', { execArgv: WORKER_FLAGS, env })

/** A real API process on the app's database and stores, once it serves. */
export async function startApi(app: App, env: Record<string, string> = {}) {
  const program = startProgram(app, 'src/bin/api.ts', { env })
  const [{ ready }] = (await once(program.child, 'message')) as [{ ready: Serving }]
  return { ...program, url: ready.url }
}

function startProgram(app: App, file: string, { env, ...options }: ForkOptions & { env: Record<string, string> }) {
  const { databaseUrl, dataDir, childEnv } = app.config
  const child = fork(path.join(import.meta.dirname, '../..', file), {
    ...options,
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
