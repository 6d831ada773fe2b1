import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'

/** Creates two buckets, with the credentials of the environment or those of the tests' server. Returns a service's settings. */
export async function makeBuckets(url: string, name: string) {
  const settings = {
    ORIGINALS_BUCKET: `${name}-originals`,
    PREVIEWS_BUCKET: `${name}-previews`,
    AWS_ENDPOINT_URL_S3: url,
    S3_FORCE_PATH_STYLE: 'on',
    AWS_ACCESS_KEY_ID: process.env.AWS_ACCESS_KEY_ID ?? 'S3RVER',
    AWS_SECRET_ACCESS_KEY: process.env.AWS_SECRET_ACCESS_KEY ?? 'S3RVER',
  }
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: settings.AWS_ACCESS_KEY_ID, secretAccessKey: settings.AWS_SECRET_ACCESS_KEY },
  })
  for (const Bucket of [settings.ORIGINALS_BUCKET, settings.PREVIEWS_BUCKET])
    await client.send(new CreateBucketCommand({ Bucket }))
  client.destroy()
  return settings
}
