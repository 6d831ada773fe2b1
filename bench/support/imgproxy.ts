import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import type { Item } from '../../prisma/generated/client/client.ts'
import { until } from '../../test/support/until.ts'
import { get } from './load.ts'
import type { Bench } from './service.ts'

/** A program that answers with pictures of items. */
export interface ImageServer {
  readonly name: string
  readonly pid: number
  readonly urlOf: (item: Item) => string
}

/** With its defaults: it draws from our folder of originals, and keeps nothing. */
export async function startImgproxy(bench: Bench, program: string): Promise<Omit<ImageServer, 'name'>> {
  const port = await freePort()
  const env = {
    IMGPROXY_BIND: `127.0.0.1:${port}`,
    IMGPROXY_LOCAL_FILESYSTEM_ROOT: path.join(bench.env.DATA_DIR ?? '', 'originals'),
    IMGPROXY_LOG_LEVEL: 'error',
    // Our clients keep their connections while ours is asked.
    IMGPROXY_KEEP_ALIVE_TIMEOUT: '600',
    PATH: process.env.PATH,
  }
  const child = spawn(program, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const gone = once(child, 'exit')
  bench.onClose(async () => {
    child.kill('SIGTERM')
    await gone
  })
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await get(`${url}/health`).catch(() => 0)) === 200)
  return {
    pid: child.pid ?? 0,
    urlOf: ({ sourceKey }) => `${url}/unsafe/rs:fit:512:512:1:1/bg:255:255:255/q:80/plain/local:///${sourceKey}@webp`,
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
