import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { familyOf, livingOf } from '../support/processes.ts'
import { programEnv } from '../support/program-env.ts'
import { ADMIN_TOKEN, tempDirectory } from '../support/setup.ts'
import { until } from '../support/until.ts'

/** Starts a script of package.json as a user does. npm leads a process group, as it does in a terminal. */
async function npmRun(script: string, env: Record<string, string> = {}) {
  const npm = spawn('npm', ['run', script], {
    cwd: path.join(import.meta.dirname, '../..'),
    env: {
      ...programEnv(),
      HOME: process.env.HOME,
      DATA_DIR: await tempDirectory(),
      ADMIN_TOKEN,
      PORT: '0',
      RENDERERS: '1',
      DEMO: 'off',
      ...env,
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (text) => (said += text))
  const gone = once(npm, 'exit').then(([code, signal]) => signal ?? code)
  const pid = npm.pid as number
  onTestFinished(async () => {
    for (const member of await livingOf([...(await familyOf(pid)), pid])) process.kill(member, 'SIGKILL')
    await gone
  })
  return { pid, gone, said: () => said }
}

/** The whole tree: npm, the shell that it starts, Node, renderers, a worker, Postgres. */
async function runningFamily(
  { pid, said }: { pid: number; said: () => string },
  saysItRuns: RegExp,
): Promise<number[]> {
  await until(() => saysItRuns.test(said()), 60_000)
  const family = await familyOf(pid)
  expect(family.length).toBeGreaterThan(1)
  return family
}

const expectNobody = (pids: readonly number[]) => until(async () => (await livingOf(pids)).length === 0)

it('SIGTERM to npm alone ends all of npm start: renderers, worker and Postgres with it', async () => {
  const npm = await npmRun('start')
  const family = await runningFamily(npm, /readiness {2,}http/)
  process.kill(npm.pid, 'SIGTERM')
  expect(await npm.gone, npm.said()).toBe(0)
  await expectNobody(family)
})

it('Ctrl-C, which the terminal sends to all processes and npm forwards again, ends npm run api in order', async () => {
  const npm = await npmRun('api', { DATABASE_URL: await testDatabase() })
  const family = await runningFamily(npm, /Afterimage API at http/)
  process.kill(-npm.pid, 'SIGINT')
  expect(await npm.gone, npm.said()).toBe(0)
  await expectNobody(family)
})

it('npm run worker ends when npm has exited, for whatever reason', async () => {
  const npm = await npmRun('worker', { DATABASE_URL: await testDatabase() })
  const family = await runningFamily(npm, /worker is running/)
  process.kill(npm.pid, 'SIGHUP')
  expect(await npm.gone).toBe('SIGHUP')
  await expectNobody(family)
})
