import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    s3Url: string
  }
}

/** The environment of a service with two buckets for the test. @param url another address of the server: a proxy */
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
