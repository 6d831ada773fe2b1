import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { programEnv } from './program-env.ts'
import { ADMIN_TOKEN, drawing, tempDirectory } from './setup.ts'
import { until } from './until.ts'

const ROOT = path.join(import.meta.dirname, '../..')

/** One of our programs, started as by a user. */
export function program(file: string, options: { args?: string[]; env: Record<string, string> }) {
  const child = spawn(process.execPath, [path.join(ROOT, file), ...(options.args ?? [])], {
    cwd: ROOT,
    env: {
      ADMIN_TOKEN,
      PORT: '0',
      RENDERERS: '1',
      WORKER_NICENESS: '0',
      DEMO: 'off',
      ...programEnv(),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text
    })
  }
  const gone = once(child, 'exit').then(([code, signal]) => signal ?? code)
  onTestFinished(async () => {
    if (child.exitCode === null) child.kill('SIGTERM')
    await gone
  })
  const url = () =>
    until(() => {
      if (child.exitCode !== null) throw new Error(`it ended: ${said}`)
      return /readiness\s+(http\S+)\/readyz/.exec(said)?.[1] ?? null
    })
  return { child, gone, said: () => said, url }
}

export const start = (dataDir: string, env: Record<string, string> = {}, args: string[] = []) =>
  program('src/bin/afterimage.ts', { env: { DATA_DIR: dataDir, ...env }, args: ['start', ...args] })

export const childrenOf = async (pid: number) => {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).trim()
  return children ? children.split(' ').map(Number) : []
}

export async function directoryOfDrawings(count: number): Promise<string> {
  const directory = await tempDirectory()
  const folder = path.join(directory, 'acme/icons/FAMILY000001/SET000000001')
  await mkdir(folder, { recursive: true })
  for (let index = 0; index < count; index++) await writeFile(path.join(folder, `item-${index}.svg`), drawing(index))
  await writeFile(path.join(folder, 'page.svg'), '<html/>')
  return directory
}

export const importing = (dataDir: string, args: string[]) =>
  program('src/bin/afterimage.ts', { args: ['import', ...args], env: { DATA_DIR: dataDir } })
