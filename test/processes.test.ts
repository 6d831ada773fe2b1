import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { processesNaming } from './support/processes.ts'
import { programEnv } from './support/program-env.ts'
import { ADMIN_TOKEN, ask, drawing, tempDirectory } from './support/setup.ts'
import { until } from './support/until.ts'

const ROOT = path.join(import.meta.dirname, '..')

/** One of our programs, started as by a user. */
function program(file: string, options: { args?: string[]; env: Record<string, string> }) {
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

const start = (dataDir: string, env: Record<string, string> = {}, args: string[] = []) =>
  program('src/bin/start.ts', { env: { DATA_DIR: dataDir, ...env }, args })

const childrenOf = async (pid: number) => {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).trim()
  return children ? children.split(' ').map(Number) : []
}

async function directoryOfDrawings(count: number): Promise<string> {
  const directory = await tempDirectory()
  const folder = path.join(directory, 'acme/icons/FAMILY000001/SET000000001')
  await mkdir(folder, { recursive: true })
  for (let index = 0; index < count; index++) await writeFile(path.join(folder, `item-${index}.svg`), drawing(index))
  await writeFile(path.join(folder, 'page.svg'), '<html/>')
  return directory
}

const importing = (dataDir: string, args: string[]) =>
  program('src/bin/import.ts', { args, env: { DATA_DIR: dataDir } })

describe('npm start', () => {
  it('serves, imports while it runs and while it is stopped, continues after a kill -9, and leaves no process', async () => {
    const dataDir = path.join(await tempDirectory(), 'the data')
    const drawings = await directoryOfDrawings(40)

    const offline = importing(dataDir, [drawings])
    expect(await offline.gone, offline.said()).toBe(0)
    expect(offline.said()).toMatch(/refused acme\/icons\/.*page\.svg: NOT_SVG: The root element is <html>/)
    expect(offline.said()).toMatch(/40 added, 0 changed, 0 unchanged, 1 refused/)

    const first = start(dataDir)
    const url = await first.url()
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const online = importing(dataDir, [drawings])
    expect(await online.gone, online.said()).toBe(0)
    expect(online.said()).toMatch(/0 added, 0 changed, 40 unchanged, 1 refused/)
    expect(first.said()).toContain(`admin token     ${ADMIN_TOKEN}`)

    await until(() => first.said().includes('Backfill COMPLETED: 120 images of 40 items'))
    // Only the parent, as with kill -9: it cannot clean up.
    const [worker] = (await processesNaming(dataDir)).filter((pid) => pid !== first.child.pid)
    expect(worker).toBeDefined()
    first.child.kill('SIGKILL')
    await first.gone

    const second = start(dataDir)
    await second.url()
    await until(() => second.said().includes('All pictures are ready.'))
    second.child.kill('SIGINT')
    expect(await second.gone, second.said()).toBe(0)
    await until(async () => (await processesNaming(dataDir)).length === 0)
    expect((await readdir(dataDir)).sort()).toEqual(['originals', 'postgres', 'previews', 'url-secret'])
  })

  it('restarts its worker and its API when they are killed, and the backfill completes', async () => {
    const dataDir = await tempDirectory()
    const done = importing(dataDir, [await directoryOfDrawings(120)])
    await done.gone
    const service = start(dataDir, {}, ['--no-backfill'])
    const url = await service.url()
    const { data } = await ask<{ startBackfill: { id: string } }>(url, 'mutation { startBackfill { id } }')
    const read = async () =>
      (
        await ask<{ backfill: { status: string; imagesMade: number; doneItems: number } }>(
          url,
          `{ backfill(id: "${data.startBackfill.id}") { status imagesMade doneItems } }`,
        )
      ).data.backfill
    await until(async () => (await read()).imagesMade > 30)
    for (const pid of await childrenOf(service.child.pid as number)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
      if (command.includes('workers/main.ts')) process.kill(pid, 'SIGKILL')
    }
    await until(async () => (await read()).status === 'COMPLETED')
    expect(await read()).toEqual({ status: 'COMPLETED', imagesMade: 360, doneItems: 120 })
    expect(service.said()).toContain('the worker died; restarting it')
    // The API too, on the same port.
    for (const pid of await childrenOf(service.child.pid as number)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
      if (command.includes('bin/api.ts')) process.kill(pid, 'SIGKILL')
    }
    await until(() => service.said().includes('the API died; restarting it'))
    await until(async () => (await fetch(`${url}/healthz`).catch(() => null))?.ok === true)
    expect(service.said()).toContain('returned the jobs of dead workers to the queue')
  })

  it('refuses a port in use, in one sentence, and leaves nothing running', async () => {
    const dataDir = await tempDirectory()
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as { port: number }
    const refused = start(dataDir, { PORT: String(port) })
    expect(await refused.gone).toBe(1)
    expect(refused.said()).toBe(
      `Port ${port} on 127.0.0.1 is in use by another program: stop that one, or set PORT (0 picks a free one).\n`,
    )
    await until(async () => (await processesNaming(dataDir)).length === 0)
  })

  it('refuses a data directory that another instance uses, and does not disturb it', async () => {
    const dataDir = await tempDirectory()
    const first = start(dataDir)
    const url = await first.url()
    const second = start(dataDir)
    expect(await second.gone).toBe(1)
    expect(second.said()).toBe(
      `The data directory ${dataDir} is used by process ${first.child.pid}: stop that one, or set DATA_DIR to another directory.\n`,
    )
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })

  it('refuses a read-only data directory', async () => {
    const parent = await tempDirectory()
    await writeFile(path.join(parent, 'file'), '')
    await chmod(parent, 0o555)
    const refused = start(path.join(parent, 'file', 'data'))
    expect(await refused.gone).toBe(1)
    expect(refused.said()).toMatch(
      /^Cannot write to the data directory .*data \(.*\): set DATA_DIR to a directory that you own\.\n$/,
    )
  })

  it('refuses an invalid configuration, naming every variable', async () => {
    const refused = start(await tempDirectory(), { PORT: 'x', RENDERERS: '-1' })
    expect(await refused.gone).toBe(1)
    expect(refused.said()).toMatch(/^The configuration is invalid:\n {2}PORT="x": .*\n {2}RENDERERS="-1": .*\n$/)
  })

  it('refuses an unknown option', async () => {
    const refused = start(await tempDirectory(), {}, ['--backfil'])
    expect(await refused.gone).toBe(1)
    expect(refused.said()).toMatch(/--backfil.*--no-backfill/)
  })
})

describe('npm run api and npm run worker', () => {
  it.each(['src/bin/api.ts', 'workers/main.ts'])('%s reports what it needs if there is no database', async (file) => {
    const none = program(file, { env: { DATA_DIR: await tempDirectory() } })
    expect(await none.gone).toBe(1)
    expect(none.said()).toMatch(/^DATABASE_URL is not set/)
    const dead = program(file, {
      env: { DATA_DIR: await tempDirectory(), DATABASE_URL: 'postgres://a:b@127.0.0.1:9/x' },
    })
    expect(await dead.gone).toBe(1)
    expect(dead.said()).toMatch(
      /^Postgres at 127\.0\.0\.1:9 does not answer \(.*ECONNREFUSED.*\): is DATABASE_URL right\?\n$/,
    )
  })
})

describe('npm run import', () => {
  it('prints its usage', async () => {
    const help = importing(await tempDirectory(), ['--help'])
    expect(await help.gone).toBe(0)
    expect(help.said()).toContain('npm run import -- PATH')
  })

  it.each([[[]], [['none']], [['a', 'b']], [['--what']]])('refuses %j in one sentence', async (args) => {
    const refused = importing(await tempDirectory(), args)
    expect(await refused.gone).toBe(1)
    expect(refused.said().trim().split('\n')).toHaveLength(1)
    expect(refused.said()).toMatch(/One directory|Cannot read the directory|--help/)
  })
})
