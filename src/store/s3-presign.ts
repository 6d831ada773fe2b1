import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { SignGetOptions } from './store.ts'

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

/** A URL with which anyone may download this object until it expires; the response is an attachment of this name. Makes no request. */
export async function presignGet(
  client: S3Client,
  object: { bucket: string; key: string },
  { expiresS, fileName, contentType }: SignGetOptions,
): Promise<string> {
  const command = new GetObjectCommand({
    Bucket: object.bucket,
    Key: object.key,
    ResponseContentType: contentType,
    ResponseContentDisposition: `attachment; filename="${fileName}"`,
    ResponseCacheControl: 'private, no-store',
  })
  return await getSignedUrl(client, command, { expiresIn: expiresS })
}
