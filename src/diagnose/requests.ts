import type { Config } from '../core/config.ts'
import { bad, type Finding, ok } from './finding.ts'

/** Fewer are not significant. */
const REQUESTS_MIN = 100
/** Some are legitimate: S3 failed for a moment, or somebody bypassed the CDN. */
const STORED_SHARE_MAX = 0.2

/** Checks whether the CDN requests pictures here that are in the bucket. @param deliveries of the last 24 hours */
export function checkRequests(
  { stored, made }: { stored: number; made: number },
  { publicImageUrl, distributionId }: Pick<Config, 'publicImageUrl' | 'distributionId'>,
): Finding {
  const counts = `In the last 24 hours ${stored} pictures that were already stored were requested here, and ${made} that were not.`
  if (!publicImageUrl && !distributionId)
    return ok('requests', `${counts} That is right without a CDN: image URLs lead to this service.`)
  if (stored + made < REQUESTS_MIN) return ok('requests', `${counts} These are too few to judge.`)
  if (stored / (stored + made) <= STORED_SHARE_MAX) return ok('requests', counts)
  return bad(distributionId ? 'ERROR' : 'WARNING', 'requests', {
    message: `${counts} The CDN's primary origin is misconfigured: it does not find stored pictures in the bucket.`,
    remedy:
      'Make the previews bucket the primary origin, without an origin path, and this service the secondary one; see the other checks.',
  })
}
