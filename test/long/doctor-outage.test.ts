import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { programEnv } from '../support/program-env.ts'
import { tempDirectory } from '../support/setup.ts'

/** Accepts connections and never answers. @returns its port */
async function openBlackHole(): Promise<number> {
  const server = createServer((socket) => void socket.on('error', () => {}).unref()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function runDoctor(env: Record<string, string>) {
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, '../../src/bin/afterimage.ts'), 'doctor', '--json'],
    {
      env: { ...programEnv(), DATA_DIR: await tempDirectory(), LOG_LEVEL: 'error', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  let complained = ''
  child.stdout.on('data', (text) => (said += text))
  child.stderr.on('data', (text) => (complained += text))
  const [code] = await once(child, 'close')
  return { code, complained, findings: said === '' ? [] : JSON.parse(said) }
}

it('the doctor says in one sentence each that Postgres, S3 and the service do not answer, and ends', {
  timeout: 200_000,
}, async () => {
  const port = String(await openBlackHole())
  const buckets = {
    ORIGINALS_BUCKET: 'originals',
    PREVIEWS_BUCKET: 'previews',
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    S3_FORCE_PATH_STYLE: 'on',
  }
  const stores = {
    check: 'stores',
    status: 'ERROR',
    message: expect.stringMatching(/^Cannot put .*\(no response in time\): .*\.$/),
  }
  const both = await runDoctor({ ...buckets, DATABASE_URL: `postgres://a:b@127.0.0.1:${port}/x` })
  expect(both).toMatchObject({
    code: 1,
    complained: '',
    findings: [
      stores,
      {
        check: 'database',
        status: 'ERROR',
        message: expect.stringMatching(new RegExp(`^Postgres at 127.0.0.1:${port} does not answer`)),
      },
    ],
  })
  const { code, findings } = await runDoctor({ ...buckets, DATABASE_URL: await testDatabase() })
  expect([code, findings[0], findings.length > 3]).toEqual([1, expect.objectContaining(stores), true])
  const remote = await runDoctor({ AFTERIMAGE_URL: `http://127.0.0.1:${port}`, AFTERIMAGE_TOKEN: 'token' })
  expect(remote).toEqual({
    code: 1,
    findings: [],
    complained: `No service answers at http://127.0.0.1:${port} (nothing within 60 s): start it, or set its address in AFTERIMAGE_URL.\n`,
  })
})
