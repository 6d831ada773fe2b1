import { randomBytes } from 'node:crypto'
import { CACHE } from '../cdn/cache-headers.ts'
import type { Config } from '../core/config.ts'
import { causes } from '../core/log.ts'
import { printVariantKey } from '../core/variant.ts'
import { bad, type Finding, ok } from './finding.ts'

/** Longer than the CDN's own time-outs. */
const ANSWER_MAX_MS = 60_000

/**
 * Requests a picture that was never issued from the public address: this service's own 404 only comes back if bucket, permissions and
 * fail-over are right. By GET and by HEAD, each with its own key, so that no cache answers.
 */
export async function checkPublicUrl({ buckets }: Pick<Config, 'buckets'>, publicImageUrl: string): Promise<Finding[]> {
  return await Promise.all([
    ask('GET', publicImageUrl).then((answer) => checkGet(answer, buckets?.previews ?? 'the previews bucket')),
    ask('HEAD', publicImageUrl).then(checkHead),
  ])
}

interface Answer {
  readonly url: string
  /** Null: no response. */
  readonly status: number | null
  readonly body: string
  readonly isOurs: boolean
}

async function ask(method: 'GET' | 'HEAD', publicImageUrl: string): Promise<Answer> {
  const random = (characters: string, count: number) =>
    Array.from(randomBytes(count), (byte) => characters[byte % characters.length]).join('')
  const key = printVariantKey({
    ...{ vendor: 'doctor', kind: 'ICON', family: 'DOCTORDOCTOR', iconSet: random('ABCDEFGHIJKL0123', 12) },
    ...{ slug: 'never-issued', preset: 'preview', version: random('abcdefgh234567ij', 16), format: 'WEBP' },
  })
  const url = `${publicImageUrl}/${key}`
  try {
    const response = await fetch(url, { method, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MAX_MS) })
    const body = await response.text()
    // HEAD has no body; S3 is recognised by the missing Cache-Control.
    const isOurs = response.headers.get('cache-control') === CACHE.shortTtl
    return {
      url,
      status: response.status,
      body,
      isOurs: isOurs && (method === 'HEAD' || body.startsWith('NOT_FOUND: ')),
    }
  } catch (error) {
    return { url, status: null, body: causes(error), isOurs: false }
  }
}

function checkGet({ url, status, body, isOurs }: Answer, bucket: string): Finding {
  const check = 'missing-picture'
  if (status === 404 && isOurs) return ok(check, 'A picture that is not in the bucket is requested from this service.')
  if (status === null)
    return bad('ERROR', check, {
      message: `GET ${url} fails: ${body}.`,
      remedy: 'Check PUBLIC_IMAGE_URL, its DNS record and its certificate.',
    })
  if (status === 403)
    return bad('ERROR', check, {
      message: `GET ${url} answers 403: S3 says so for a missing object where the CDN may not list the bucket.`,
      remedy: `Allow the distribution s3:ListBucket on arn:aws:s3:::${bucket}, beside s3:GetObject, in the bucket policy.`,
    })
  if (status === 404)
    return bad('ERROR', check, {
      message: `GET ${url} returns a 404 that is not this service's: the CDN does not request missing pictures from this service.`,
      remedy: 'Let the origin group fail over on 404 to this service, with the origin path /images.',
    })
  return bad('ERROR', check, {
    message: `GET ${url} returns ${status} instead of 404.`,
    remedy:
      status >= 500
        ? 'Check that the CDN reaches this service: address, port, security group, /readyz.'
        : 'Check that PUBLIC_IMAGE_URL is the https address of the CDN and that nothing is in between.',
  })
}

function checkHead({ url, status, isOurs }: Answer): Finding {
  if (status === 404 && isOurs) return ok('head', 'HEAD is forwarded like GET.')
  return bad('ERROR', 'head', {
    message: `HEAD ${url} returns ${status ?? 'nothing'}, not this service's 404.`,
    remedy: 'Allow HEAD in the behaviour of the pictures; see also the check missing-picture.',
  })
}
