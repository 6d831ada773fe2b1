import type { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { SignatureV4 } from '@smithy/signature-v4'

/** What the client has made of a command before it is signed. */
interface Unsigned {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
}

/**
 * The URL at which whoever has it may do this one put for a while, with exactly so many bytes. Nothing is sent: the client
 * says where the object belongs.
 * @param options.createOnly refused by the service where an object is there already
 */
export async function presignPut(
  client: S3Client,
  command: PutObjectCommand,
  options: { bytes: number; expiresS: number; createOnly: boolean },
): Promise<{ url: string; headers: { name: string; value: string }[] }> {
  const { credentials, region, sha256 } = client.config
  const signer = new SignatureV4({ credentials, region, sha256, service: 's3', uriEscapePath: false })
  const { protocol, hostname, port, path } = await resolve(client, command)
  const host = port === undefined ? hostname : `${hostname}:${port}`
  const conditions = {
    'content-length': String(options.bytes),
    ...(options.createOnly ? { 'if-none-match': '*' } : {}),
  }
  const headers = { host, ...conditions, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
  const request = { method: 'PUT', protocol, hostname, path, headers, query: {}, ...(port ? { port } : {}) }
  const { query = {} } = await signer.presign(request, { expiresIn: options.expiresS })
  const parameters = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
  return {
    url: `${protocol}//${host}${path}?${parameters.join('&')}`,
    headers: Object.entries(conditions).map(([name, value]) => ({ name, value })),
  }
}

/** Where the client would send the command: by path or by host name, at AWS or elsewhere. */
async function resolve(client: S3Client, command: PutObjectCommand): Promise<Unsigned> {
  let unsigned: Unsigned | null = null
  command.middlewareStack.add(
    () => async (args) => {
      unsigned = args.request as Unsigned
      return { response: null, output: { $metadata: {} } }
    },
    { step: 'build', priority: 'low' },
  )
  await client.send(command)
  if (!unsigned) throw new Error('the S3 client made no request')
  return unsigned
}
