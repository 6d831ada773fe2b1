import { AppError } from '../core/errors.ts'
import { causes } from '../core/log.ts'

/** The properties of the SDK's errors that are used here. */
interface S3Failure extends Error {
  /** Set only if the service's own response was read. */
  readonly $fault?: 'client' | 'server'
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const statusOf = (error: unknown): number | undefined => (error as S3Failure).$metadata?.httpStatusCode
const nameOf = (error: unknown): string => (error as S3Failure).name

/** The only "no such object". A missing bucket answers 404 as well, and is an error. */
export const isAbsent = (error: unknown): boolean => nameOf(error) === 'NoSuchKey'

/** 4xx errors that a retry may avoid: two concurrent puts, or a body that arrived too slowly. */
const RETRYABLE = new Set([
  'ConditionalRequestConflict',
  'OperationAborted',
  'RequestTimeout',
  'SlowDown',
  'Throttling',
])
/** Errors without a response that are not network errors. */
const PERMANENT = new Set(['CredentialsProviderError', 'TypeError', 'RangeError'])

/** Whether a retry may succeed: no response, a broken one, a 5xx, or a request to slow down. */
export function isRetryable(error: unknown): boolean {
  const status = statusOf(error)
  // A 4xx response can be truncated too, and then its meaning is unknown.
  if (status === undefined || !(error as S3Failure).$fault) return !PERMANENT.has(nameOf(error))
  return status < 400 || status >= 500 || status === 429 || RETRYABLE.has(nameOf(error))
}

/** What a failed request counts as. */
export const resultOf = (error: unknown): 'throttled' | 'refused' | 'error' =>
  nameOf(error) === 'PreconditionFailed'
    ? 'refused'
    : statusOf(error) === 429 || statusOf(error) === 503
      ? 'throttled'
      : 'error'

/** Whether the host does not exist, where the bucket's name is part of it. AWS has one host for each bucket. */
const isUnknownHost = (error: unknown, bucket: string): boolean => {
  const { code, hostname = '' } = error as { code?: string; hostname?: string }
  return (
    /^(?:ENOTFOUND|EAI_AGAIN)$/.test(code ?? '') &&
    hostname.startsWith(`${bucket}.`) &&
    !/\.amazonaws\.com(?:\.cn)?$/.test(hostname)
  )
}

const PERMISSIONS: Record<string, string> = {
  get: 's3:GetObject and s3:ListBucket',
  head: 's3:GetObject and s3:ListBucket',
  put: 's3:PutObject',
  copy: 's3:GetObject, s3:PutObject and s3:ListBucket',
  delete: 's3:DeleteObject',
  list: 's3:ListBucket',
}

/** Converts a failure to UNAVAILABLE with one sentence: the operation, bucket and key, the reason and the remedy. */
export function failureOf(
  error: unknown,
  at: { verb: string; key: string; bucket: string; variable: string },
): AppError {
  if (error instanceof AppError) return error
  const { verb, key, bucket, variable } = at
  const reason = reasonOf(error)
  return new AppError(
    'UNAVAILABLE',
    `Cannot ${verb} ${JSON.stringify(key)} in bucket ${bucket} (${reason}): ${remedyOf(error)}`,
    { cause: error },
  )

  function remedyOf(failure: unknown): string {
    const name = nameOf(failure)
    if (name === 'NoSuchBucket' || statusOf(failure) === 404)
      return `there is no such bucket at this endpoint; check ${variable}, AWS_REGION and AWS_ENDPOINT_URL_S3.`
    if (name === 'InvalidAccessKeyId' || name === 'SignatureDoesNotMatch' || name === 'CredentialsProviderError')
      return 'check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.'
    if (name === 'RequestTimeTooSkewed') return "set this machine's clock."
    if (name === 'PermanentRedirect' || statusOf(failure) === 301)
      return 'the bucket is in another region; set AWS_REGION.'
    if (isUnknownHost(failure, bucket))
      return 'the bucket is part of the host name, which this endpoint does not support; set S3_FORCE_PATH_STYLE=on.'
    if (statusOf(failure) === 403) return `grant ${PERMISSIONS[verb]} on ${bucket} to these credentials.`
    return 'the store does not respond as expected; check AWS_ENDPOINT_URL_S3 and the network.'
  }
}

function reasonOf(error: unknown): string {
  const name = nameOf(error)
  // Ours, and the SDK's.
  if (name === 'AbortError' || name === 'TimeoutError') return 'no response in time'
  return name === 'Error' ? causes(error) : `${name}: ${causes(error)}`
}

/** Converts one key's failure in a response of 200 to an error like that of a response. */
export function failureOfOne({ Key, Code = '', Message }: { Key?: string; Code?: string; Message?: string }): Error {
  const $metadata = { httpStatusCode: Code === 'AccessDenied' ? 403 : 500 }
  return Object.assign(new Error(`${Key}: ${Message}`), { name: Code, $fault: 'server', $metadata })
}
