import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

/**
 * A URL with which anyone may put this object, with exactly this size, until it expires, and the headers that the request must have.
 * Makes no request.
 * @param options.createOnly the service refuses the request if the object exists
 */
export async function presignPut(
  client: S3Client,
  object: { bucket: string; key: string },
  { bytes, expiresS, createOnly }: { bytes: number; expiresS: number; createOnly: boolean },
): Promise<{ url: string; headers: { name: string; value: string }[] }> {
  const conditions = { ContentLength: bytes, ...(createOnly ? { IfNoneMatch: '*' } : {}) }
  const command = new PutObjectCommand({ Bucket: object.bucket, Key: object.key, ...conditions })
  const url = await getSignedUrl(client, command, { expiresIn: expiresS })
  const headers = [
    { name: 'content-length', value: String(bytes) },
    ...(createOnly ? [{ name: 'if-none-match', value: '*' }] : []),
  ]
  return { url, headers }
}
