import { createHash, randomBytes } from 'node:crypto'
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { AwsConfig } from '../core/config/aws.ts'
import { AppError } from '../core/errors.ts'
import { log } from '../core/log.ts'
import { mapConcurrent } from '../core/map-concurrent.ts'
import { s3Bytes } from '../telemetry/metrics.ts'
import { failureOfOne, isAbsent } from './s3-errors.ts'
import { parametersOf, toListed } from './s3-parameters.ts'
import { presignGet, presignPut } from './s3-presign.ts'
import { openTries } from './s3-tries.ts'
import type { ByteRange, Listed, PutOptions, Store } from './store.ts'

/** An attempt without a byte in either direction for this long has failed. */
const STALL_MS = 2000
/** Maximum keys of one DeleteObjects: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const DELETE_BATCH = 1000
/** Outside the grammar of keys, so that no request can address it. */
const PROBES = '.afterimage-probe'

export interface S3Options {
  readonly bucket: string
  /** The variable that names the bucket, for messages. */
  readonly variable: string
  readonly aws: AwsConfig
  /** Concurrent requests, each on a persistent socket; further ones are queued. */
  readonly connectionsMax: number
}

/**
 * A store in an S3 bucket, of AWS or a compatible service. Transient failures (5xx, SlowDown, resets, time-outs, truncated bodies) are
 * retried with backoff; client errors are not. When opened, it puts, gets and deletes one probe object. Throws UNAVAILABLE that names
 * bucket, key and remedy.
 */
export async function openS3Store(options: S3Options): Promise<Store & { readonly close: () => Promise<void> }> {
  const { bucket, aws, connectionsMax } = options
  const client = new S3Client({
    region: aws.region,
    // Missing in Node's defaults: time-outs, and a pool as large as the concurrency.
    requestHandler: {
      connectionTimeout: 2000,
      socketTimeout: STALL_MS,
      httpAgent: { keepAlive: true, maxSockets: connectionsMax },
      httpsAgent: { keepAlive: true, maxSockets: connectionsMax },
    },
    // Retried here, including the body: the SDK's own retries end with the response headers.
    maxAttempts: 1,
    forcePathStyle: aws.s3ForcePathStyle,
    // Compatible stores do not support the newer checksums; ETags are compared below.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(aws.s3Endpoint ? { endpoint: aws.s3Endpoint } : {}),
    ...(aws.credentials ? { credentials: aws.credentials } : {}),
  })
  /** Capabilities of this service, as probed when opening. */
  const knows = { createOnly: true, md5Etags: true }
  /** Puts in progress by key, for services that cannot refuse a second one themselves. */
  const putting = new Map<string, Promise<unknown>>()

  const tryRepeatedly = openTries({ atOnce: connectionsMax, ...options })

  const get: Store['get'] = (key, { range } = {}) =>
    tryRepeatedly('get', key, async (abortSignal) => {
      const Range = range && `bytes=${range.from}-${range.to - 1}`
      try {
        const response = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range }), { abortSignal })
        const bytes = Buffer.from((await response.Body?.transformToByteArray()) ?? [])
        if (range && response.ContentRange)
          return isPart(bytes, { range, of: response.ContentRange }) ? bytes : truncated()
        s3Bytes.inc({}, bytes.length)
        if (bytes.length !== response.ContentLength || !isIntact(bytes, response)) truncated()
        // A store may ignore the range and send the whole object.
        return range ? bytes.subarray(range.from, range.to) : bytes
      } catch (error) {
        if (isAbsent(error)) return null
        if (range && (error as Error).name === 'InvalidRange') return Buffer.alloc(0)
        throw error
      }
    })

  /** An ETag is the MD5 of the bytes unless the object was encrypted with a customer key or uploaded in parts. */
  function isIntact(bytes: Uint8Array, { ETag, ServerSideEncryption = 'AES256' }: Etagged): boolean {
    const etag = ETag?.replaceAll('"', '') ?? ''
    const isMd5 = knows.md5Etags && ServerSideEncryption === 'AES256' && /^[0-9a-f]{32}$/.test(etag)
    return !isMd5 || etag === md5Of(bytes)
  }

  const put: Store['put'] = async (key, bytes, putOptions) => {
    if (putOptions.replace || putOptions.keyNamesBytes || knows.createOnly) return await putOnce(key, bytes, putOptions)
    // One at a time within this process; across processes, items are locked.
    while (putting.has(key)) await putting.get(key)?.catch(() => {})
    const work = (async () => (await headObject(key)) === null && (await putOnce(key, bytes, putOptions)))()
    putting.set(key, work)
    return await work.finally(() => putting.delete(key))
  }

  function putOnce(key: string, bytes: Uint8Array, putOptions: PutOptions): Promise<boolean> {
    const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ...parametersOf(bytes, putOptions) })
    return tryRepeatedly('put', key, async (abortSignal) => {
      try {
        const response = await client.send(command, { abortSignal })
        s3Bytes.inc({}, bytes.length)
        if (!isIntact(bytes, response)) throw new Error('the stored bytes differ from those sent')
        return true
      } catch (error) {
        if ((error as Error).name === 'PreconditionFailed') return false
        throw error
      }
    })
  }

  const putAll: Store['putAll'] = (objects, putOptions) =>
    mapConcurrent(objects, connectionsMax, ({ key, bytes }) => put(key, bytes, { ...putOptions, replace: true }))

  const copy: Store['copy'] = (key, to) =>
    tryRepeatedly('copy', key, async (abortSignal) => {
      const command = new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource: encodeURI(`${bucket}/${key}`) })
      try {
        // A copy that fails halfway is reported in a response of 200, which the SDK throws.
        const { CopyObjectResult } = await client.send(command, { abortSignal })
        if (!CopyObjectResult?.ETag) truncated()
        return true
      } catch (error) {
        if (isAbsent(error)) return false
        throw error
      }
    })

  const headObject: Store['head'] = (key) =>
    tryRepeatedly('head', key, async (abortSignal) => {
      try {
        const response = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal })
        return { bytes: response.ContentLength ?? truncated() }
      } catch (error) {
        if ((error as Error).name !== 'NotFound') throw error
        return null
      }
    })

  const head: Store['head'] = async (key) => {
    const found = await headObject(key)
    // The response to HEAD has no body, so a missing bucket looks like a missing key.
    if (!found)
      await tryRepeatedly('head', key, (abortSignal) =>
        client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal }),
      )
    return found
  }

  async function remove(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += DELETE_BATCH) {
      const batch = keys.slice(from, from + DELETE_BATCH)
      const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: batch.map((Key) => ({ Key })) } })
      await tryRepeatedly('delete', batch[0] as string, async (abortSignal) => {
        const { Deleted = [], Errors: [failed] = [] } = await client.send(command, { abortSignal })
        if (failed) throw failureOfOne(failed)
        if (Deleted.length === 0) truncated()
      })
    }
  }

  async function* list(prefix: string, { after }: { after?: string } = {}): AsyncIterable<Listed> {
    const fetchPage = (token: string | undefined) =>
      tryRepeatedly('list', prefix, async (abortSignal) => {
        const from = { StartAfter: after, ContinuationToken: token }
        const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...from }), {
          abortSignal,
        })
        return page.IsTruncated === undefined ? truncated() : page
      })
    for (let page = await fetchPage(undefined); ; ) {
      // Prefetched while the caller works.
      const next = page.IsTruncated ? fetchPage(page.NextContinuationToken) : null
      next?.catch(() => {})
      for (const object of page.Contents ?? []) yield toListed(object)
      if (!next) return
      page = await next
    }
  }

  /** Performs each operation once, so that a missing permission is found at start-up. */
  async function probe(): Promise<void> {
    const key = `${PROBES}/${randomBytes(8).toString('hex')}`
    const bytes = Buffer.from('Afterimage checks whether it may write here.')
    const written = { contentType: 'text/plain' }
    await putOnce(key, bytes, { ...written, replace: true })
    // The bytes are compared here, because it is not known yet whether ETags are MD5s.
    knows.md5Etags = false
    const found = await get(key)
    if (!found?.equals(bytes))
      throw new AppError(
        'UNAVAILABLE',
        `Bucket ${bucket} returned different bytes than were stored: check AWS_ENDPOINT_URL_S3.`,
      )
    for await (const { etag } of list(key)) knows.md5Etags = etag === md5Of(bytes)
    knows.createOnly = !(await putOnce(key, bytes, written))
    await remove([key])
    // Without ListBucket, a missing key looks like a denied one, and nothing would ever be made.
    await get(`${key}-absent`)
    if (!knows.createOnly)
      log.warn('the store ignores If-None-Match: existence is checked before each put instead', { bucket })
  }

  // Create-only, if the service supports it: an archive must not change while it is read.
  const sign = (key: string, options: { bytes: number; expiresS: number }) =>
    presignPut(client, { bucket, key }, { ...knows, ...options })

  const signGet: Store['signGet'] = (key, signOptions) => presignGet(client, { bucket, key }, signOptions)

  const close = async () => client.destroy()
  let origin: string
  try {
    await probe()
    // The SDK chooses it: by endpoint, region, and whether the bucket's name can be part of a host's.
    origin = new URL((await sign(PROBES, { bytes: 1, expiresS: 1 })).url).origin
  } catch (error) {
    await close()
    throw error
  }
  const inbox: Store['inbox'] = { kind: 'direct', origin, sign }
  return { name: bucket, get, put, putAll, copy, head, delete: remove, list, inbox, signGet, close }
}

/** Whether these are the bytes of the range, up to the object's end, according to the response's `bytes 0-99/1234`. */
function isPart(bytes: Uint8Array, { range, of }: { range: ByteRange; of: string }): boolean {
  const [, from, last, total] = (/^bytes (\d+)-(\d+)\/(\d+)$/.exec(of) ?? []).map(Number)
  return from === range.from && last === from + bytes.length - 1 && last === Math.min(range.to, total ?? Number.NaN) - 1
}

/** A truncated response can look like a valid one: no bytes, no keys, no error. */
function truncated(): never {
  throw new Error('the response is truncated')
}

const md5Of = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')

interface Etagged {
  readonly ETag?: string
  readonly ServerSideEncryption?: string
}
