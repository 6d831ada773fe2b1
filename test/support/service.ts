import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openApp } from '../../src/app.ts'
import { loadConfig } from '../../src/core/config.ts'
import { variantKeyOf } from '../../src/variants/make.ts'
import { type OwnPostgres, openOwnPostgres } from './own-postgres.ts'
import { ADMIN_TOKEN, ask, importDrawings } from './setup.ts'
import { until } from './until.ts'

const ROOT = path.join(import.meta.dirname, '../..')

/** Processes start slowly on a busy machine. */
const START_MS = 90_000

/** An API process and a worker process on their own Postgres, with drawings without pictures. */
export interface Service extends AsyncDisposable {
  readonly url: string
  /** Of its processes. */
  readonly env: Readonly<Record<string, string>>
  readonly postgres: OwnPostgres
  readonly api: Program
  readonly worker: Program
  /** URLs of the thumbnails. */
  readonly pictures: readonly string[]
}

export interface Program {
  readonly child: ChildProcess
  /** Its log since it started. */
  readonly lines: () => string[]
}

export async function openService(drawings: number): Promise<Service> {
  await using opening = new AsyncDisposableStack()
  const directory = await mkdtemp(path.join(tmpdir(), 'afterimage-service-'))
  opening.defer(() => rm(directory, { recursive: true, force: true }))
  const postgres = opening.use(await openOwnPostgres())
  const presets = path.join(directory, 'presets.json')
  await writeFile(presets, JSON.stringify({ thumbnail: { width: 24, height: 24, formats: ['webp'] } }))
  const env = {
    ADMIN_TOKEN,
    URL_SECRET: 'test-url-secret',
    PORT: '0',
    RENDERERS: '1',
    DRAIN_SECONDS: '0',
    ACCESS_LOG: 'off',
    WORKER_NICENESS: '0',
    DATA_DIR: path.join(directory, 'data'),
    PRESETS_FILE: presets,
    DATABASE_URL: postgres.url,
  }
  const app = await openApp(loadConfig(env))
  await importDrawings(app, drawings)
  const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
  const keys = items.map((item) => variantKeyOf(app, item, { preset: 'thumbnail', format: 'WEBP' }))
  await app.close()

  const api = opening.use(startProgram('src/bin/api.ts', env))
  const url = await until(
    () => /Afterimage API at (http\S+)\/graphql/.exec(api.lines().join('\n'))?.[1] ?? null,
    START_MS,
  )
  const worker = opening.use(startProgram('workers/main.ts', env))
  await until(() => worker.lines().some((line) => line.includes('worker is running')), START_MS)
  const owner = opening.move()
  return {
    url,
    env,
    postgres,
    api,
    worker,
    pictures: keys.map((key) => `${url}/images/${key}`),
    [Symbol.asyncDispose]: () => owner.disposeAsync(),
  }
}

function startProgram(file: string, env: Record<string, string>): Program & AsyncDisposable {
  const child = spawn(process.execPath, [path.join(ROOT, file)], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const gone = once(child, 'exit')
  return {
    child,
    lines: () => said.split('\n').filter(Boolean),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Starts a backfill of everything and returns its progress. */
export async function startBackfill(url: string) {
  const { data } = await ask<{ startBackfill: { id: string } }>(url, 'mutation { startBackfill { id } }')
  return async () => {
    const query = `{ backfill(id: "${data.startBackfill.id}") { status doneItems failedItems } }`
    const answer = await ask<{ backfill: { status: string; doneItems: number; failedItems: number } } | null>(
      url,
      query,
    )
    return answer.data?.backfill ?? null
  }
}
