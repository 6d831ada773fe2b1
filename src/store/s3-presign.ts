import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

/**
 * The URL at which whoever has it may do this one put for a while, with exactly so many bytes, and the headers that must be
 * sent along. Nothing is sent from here.
 * @param options.createOnly refused by the service where an object is there already
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
