import type { Config } from '../core/config.ts'
import { bad, type Finding, ok } from './finding.ts'
import type { Route } from './route.ts'

/** The path at which http/server.ts serves pictures. */
const IMAGES_PATH = '/images'

/** The bucket, which is requested first. */
export function checkPrimary({ primary }: Route, { buckets, aws }: Pick<Config, 'buckets' | 'aws'>): Finding {
  const check = 'primary-origin'
  const domain = primary?.DomainName ?? 'nothing'
  if (!buckets)
    return bad('WARNING', check, {
      message: `The primary origin is ${domain}; this service stores its pictures in a directory, where no CDN finds them.`,
      remedy: 'Set ORIGINALS_BUCKET and PREVIEWS_BUCKET.',
    })
  const bucket = buckets.previews
  // The regional name, the global one, dual-stack; the name of an S3-compatible store is up to the operator.
  const isBucket = domain.startsWith(`${bucket}.s3.`) && domain.includes('.amazonaws.com')
  if (!isBucket && !aws.s3Endpoint)
    return bad('ERROR', check, {
      message: `The primary origin is ${domain}, not the bucket ${bucket}: stored pictures are requested from this service again.`,
      remedy: `Make ${bucket}.s3.${aws.region}.amazonaws.com the first member of the origin group and this service the second.`,
    })
  if (primary?.OriginPath)
    return bad('ERROR', check, {
      message: `The primary origin has the path ${primary.OriginPath}, which is not part of the bucket's keys.`,
      remedy: 'Remove the origin path.',
    })
  if (!primary?.OriginAccessControlId && !aws.s3Endpoint)
    return bad('WARNING', check, {
      message: `The primary origin ${domain} has no origin access control: the bucket must be open to everyone.`,
      remedy: 'Add an origin access control to the origin and allow the distribution alone in the bucket policy.',
    })
  return ok(check, `The primary origin is ${domain}.`)
}

/** This service, which is requested for what the bucket lacks. */
export function checkSecondary({ secondary }: Route): Finding {
  const check = 'secondary-origin'
  const isOurs = secondary?.CustomOriginConfig ?? secondary?.VpcOriginConfig
  const name = secondary?.DomainName ?? 'nothing'
  if (!isOurs)
    return bad('ERROR', check, {
      message: `The secondary origin is ${name}, which is not a web server: pictures missing in the bucket are never made.`,
      remedy: `Make this service's public address a custom origin with the path ${IMAGES_PATH}, as the group's second member.`,
    })
  if (secondary?.OriginPath !== IMAGES_PATH)
    return bad('ERROR', check, {
      message: `The secondary origin ${name} has the path ${secondary?.OriginPath || 'none'}; pictures are served below ${IMAGES_PATH}.`,
      remedy: `Set its origin path to ${IMAGES_PATH}.`,
    })
  return ok(check, `The secondary origin is ${name}${IMAGES_PATH}.`)
}
