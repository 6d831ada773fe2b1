/** Two empty buckets on a test server. Returns the environment of a service that uses them. */
export async function makeBuckets(url: string, name: string): Promise<Record<string, string>> {
  const env = {
    ORIGINALS_BUCKET: `${name}-originals`,
    PREVIEWS_BUCKET: `${name}-previews`,
    AWS_ENDPOINT_URL_S3: url,
    S3_FORCE_PATH_STYLE: 'on',
    AWS_ACCESS_KEY_ID: 'S3RVER',
    AWS_SECRET_ACCESS_KEY: 'S3RVER',
  }
  for (const bucket of [env.ORIGINALS_BUCKET, env.PREVIEWS_BUCKET]) await fetch(`${url}/${bucket}`, { method: 'PUT' })
  return env
}
