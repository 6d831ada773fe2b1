import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    s3Url: string
  }
}

/** Starts an S3 server on a free port of the loopback. */
export async function startS3(): Promise<{ url: string; close: () => Promise<void> }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'afterimage-test-s3-'))
  const child = fork(path.join(import.meta.dirname, 's3-child.ts'), [directory], {
    stdio: 'inherit',
    // It makes its continuation tokens with an old cipher.
    execArgv: ['--openssl-legacy-provider'],
  })
  const [port] = await once(child, 'message')
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const exit = once(child, 'exit')
      child.disconnect()
      await exit
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** The environment of a service with two buckets of the test's own. @param url another way to the server: a proxy */
export async function testBuckets(url: string = inject('s3Url')) {
  const name = randomBytes(6).toString('hex')
  const env = {
    ORIGINALS_BUCKET: `originals-${name}`,
    PREVIEWS_BUCKET: `previews-${name}`,
    AWS_ENDPOINT_URL_S3: url,
    S3_FORCE_PATH_STYLE: 'on',
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
  }
  const buckets = [env.ORIGINALS_BUCKET, env.PREVIEWS_BUCKET].map((bucket) => `${inject('s3Url')}/${bucket}`)
  for (const bucket of buckets) await fetch(bucket, { method: 'PUT' })
  return env
}
