import type { CachePolicyConfig, DistributionConfig } from '@aws-sdk/client-cloudfront'
import { CACHE_TAG_HEADER } from '../core/cache-tags.ts'
import type { Config } from '../core/config.ts'
import { STABLE_PARAMETERS } from '../core/stable-parameters.ts'
import { ANSWER_LIMIT_MS } from '../variants/ensure.ts'
import { CACHING_DISABLED, checkCachePolicy } from './cache-policy.ts'
import { bad, type Finding, ok } from './finding.ts'
import { checkPrimary, checkSecondary } from './origins.ts'
import { pathOf, privateBehavior, type Route, routeOf, separatesStable } from './route.ts'
import { checkOriginSecret, checkViewers } from './viewers.ts'

/** Responses of the bucket that fail over to this service: the object is missing, or S3 is failing. */
const FAILOVER_CODES = [404, 500, 502, 503, 504]
const METHODS = ['GET', 'HEAD', 'OPTIONS'] as const
/** Errors that may be gone a second later and must not be cached for long. CloudFront's default is 10 s. */
const TRANSIENT_CODES = [403, 500, 502, 503, 504]
/** For errors that may be cached: Cache-Control of 404 and 410. */
const ERROR_TTL_MAX_S = 60
const CONNECT_MAX_S = 10

type Settings = Pick<Config, 'buckets' | 'publicImageUrl' | 'aws'>

/**
 * Checks a live distribution against the service's requirements. Pure: one finding for each check.
 * @param policy the cache policy of pictures; undefined: it may not be read
 */
export function checkDistribution(
  live: DistributionConfig,
  settings: Settings,
  policy: CachePolicyConfig | null | undefined,
): Finding[] {
  const route = routeOf(live, settings.publicImageUrl)
  return [
    checkEnabled(live),
    checkFailover(route),
    ...(route.group ? [checkPrimary(route, settings), checkSecondary(route)] : []),
    checkMethods(route),
    checkErrors(live),
    checkTags(live),
    checkTimeouts(route),
    checkCachePolicy(route, policy),
    checkStable(live, settings),
    checkPrivate(live, settings),
    checkImageUrl(live, { settings, route }),
    ...checkViewers(live, route),
    checkOriginSecret(route, settings.aws),
  ]
}

function checkEnabled({ Enabled: isEnabled }: DistributionConfig): Finding {
  if (isEnabled) return ok('distribution', 'The distribution is enabled, and its configuration can be read.')
  return bad('ERROR', 'distribution', { message: 'The distribution is disabled.', remedy: 'Enable it.' })
}

function checkFailover({ group, behavior }: Route): Finding {
  if (!group)
    return bad('ERROR', 'failover', {
      message: `Pictures are only requested from origin ${behavior.TargetOriginId}: pictures that were never made stay missing.`,
      remedy: `Make an origin group of the previews bucket and this service, with the fail-over codes ${FAILOVER_CODES.join(', ')}, and let the behaviour of the pictures use it.`,
    })
  const codes = group.FailoverCriteria?.StatusCodes?.Items ?? []
  const missing = FAILOVER_CODES.filter((code) => !codes.includes(code))
  if (missing.length > 0)
    return bad(missing.includes(404) ? 'ERROR' : 'WARNING', 'failover', {
      message: `Origin group ${group.Id} does not fail over on ${missing.join(', ')}.`,
      remedy: `Add ${missing.join(', ')} to its fail-over codes.`,
    })
  if (codes.includes(403))
    return bad('WARNING', 'failover', {
      message: `Origin group ${group.Id} fails over on 403: a broken bucket policy would send every request here without being noticed.`,
      remedy:
        'Allow the distribution s3:ListBucket on the bucket, so that S3 says 404 for what is missing, and remove 403 from the fail-over codes.',
    })
  return ok('failover', `Origin group ${group.Id} fails over on ${codes.join(', ')}.`)
}

function checkMethods({ behavior }: Route): Finding {
  const allowed = behavior.AllowedMethods?.Items ?? ['GET', 'HEAD']
  const missing = METHODS.filter((method) => !allowed.includes(method))
  if (missing.length === 0) return ok('methods', `${METHODS.join(', ')} are allowed.`)
  return bad('WARNING', 'methods', {
    message: `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not allowed for pictures.`,
    remedy: `Allow the methods ${METHODS.join(', ')} in the behaviour.`,
  })
}

function checkErrors({ CustomErrorResponses: responses }: DistributionConfig): Finding {
  const rules = new Map((responses?.Items ?? []).map((rule) => [rule.ErrorCode ?? 0, rule]))
  const replaced = [...rules.values()].filter((rule) => rule.ResponsePagePath || rule.ResponseCode)
  if (replaced.length > 0)
    return bad('ERROR', 'error-caching', {
      message: `Errors ${replaced.map((rule) => rule.ErrorCode).join(', ')} are replaced by pages of the distribution.`,
      remedy: 'Remove the response pages: clients need the status and the reason in the response of the service.',
    })
  const tooLong = [...new Set([...TRANSIENT_CODES, ...rules.keys()])].filter((code) => {
    const ttl = rules.get(code)?.ErrorCachingMinTTL ?? 10
    return ttl > (TRANSIENT_CODES.includes(code) ? 1 : ERROR_TTL_MAX_S)
  })
  if (tooLong.length === 0) return ok('error-caching', 'No error is cached at an edge for too long.')
  return bad('WARNING', 'error-caching', {
    message: `Errors ${tooLong.sort().join(', ')} stay cached at an edge after they are over (10 s where no rule says less).`,
    remedy: `Make a custom error response with ErrorCachingMinTTL 0 or 1 for each of ${TRANSIENT_CODES.join(', ')}, and at most ${ERROR_TTL_MAX_S} for others.`,
  })
}

function checkTags({ CacheTagConfig: tags }: DistributionConfig): Finding {
  const name = tags?.HeaderName
  if (name?.toLowerCase() === CACHE_TAG_HEADER) return ok('cache-tags', `Cache tags are read from ${CACHE_TAG_HEADER}.`)
  return bad('WARNING', 'cache-tags', {
    message: `Cache tags are read from ${name ?? 'no header'}: take-downs invalidate by path.`,
    remedy: `Set CacheTagConfig.HeaderName to ${CACHE_TAG_HEADER}, then invalidate /* once, because cached objects have no tags.`,
  })
}

function checkTimeouts({ primary, secondary }: Route): Finding {
  const [attempts, seconds] = [primary?.ConnectionAttempts ?? 3, primary?.ConnectionTimeout ?? 10]
  if (attempts * seconds > CONNECT_MAX_S)
    return bad('WARNING', 'time-outs', {
      message: `Connecting to the bucket is tried ${attempts} times for ${seconds} s before a request fails over to this service.`,
      remedy: 'Set ConnectionAttempts to 2 and ConnectionTimeout to 3 on the primary origin.',
    })
  const readS = (secondary?.CustomOriginConfig ?? secondary?.VpcOriginConfig)?.OriginReadTimeout ?? 30
  const neededS = ANSWER_LIMIT_MS / 1000
  if (readS < neededS)
    return bad('WARNING', 'time-outs', {
      message: `The CDN waits ${readS} s for a response of this service, which may take ${neededS} s.`,
      remedy: 'Set OriginReadTimeout to 30 on the secondary origin.',
    })
  return ok(
    'time-outs',
    `Connecting takes ${attempts} times ${seconds} s at most, a response of this service ${readS} s.`,
  )
}

function checkStable(live: DistributionConfig, { publicImageUrl }: Settings): Finding {
  if (separatesStable(live, publicImageUrl))
    return ok('stable-addresses', 'Stable addresses (/i/…) have a behaviour of their own.')
  return bad('WARNING', 'stable-addresses', {
    message:
      'Stable addresses (/i/…) have the behaviour of the pictures, which passes no query on: whatever size they ask for, they lead to the same picture.',
    remedy: `Add a behaviour for i/????????????.* with this service as its only origin, and a cache policy with the query strings ${STABLE_PARAMETERS.join(', ')}.`,
  })
}

function checkPrivate(live: DistributionConfig, { publicImageUrl }: Settings): Finding {
  const check = 'private-pictures'
  const behavior = privateBehavior(live, publicImageUrl)
  const isCached = behavior && behavior.CachePolicyId !== CACHING_DISABLED
  if (behavior && !isCached && behavior.OriginRequestPolicyId)
    return ok(check, 'Pictures of PRIVATE items (/_private/…) are requested from this service alone, and not cached.')
  return bad(isCached ? 'ERROR' : 'WARNING', check, {
    message: isCached
      ? 'Pictures of PRIVATE items (/_private/…) are cached: whoever has their address may get them without a valid signature.'
      : 'Pictures of PRIVATE items (/_private/…) are not requested from this service alone and with their signature, so they are 404.',
    remedy:
      'Make a behaviour for _private/* with this service as its only origin, the cache policy CachingDisabled, and an origin request policy that passes the query string on.',
  })
}

function checkImageUrl(live: DistributionConfig, { settings, route }: { settings: Settings; route: Route }): Finding {
  const { publicImageUrl } = settings
  const aliases = live.Aliases?.Items ?? []
  const example = `https://${aliases[0] ?? 'dXXXXXXXXXXXXX.cloudfront.net'}`
  if (!publicImageUrl)
    return bad('ERROR', 'image-url', {
      message: 'PUBLIC_IMAGE_URL is not set: image URLs lead to this service, past the CDN.',
      remedy: `Set PUBLIC_IMAGE_URL=${example}.`,
    })
  const { hostname, protocol } = new URL(publicImageUrl)
  if (protocol === 'http:' && !isLoopback(hostname))
    return bad('WARNING', 'image-url', {
      message: `PUBLIC_IMAGE_URL=${publicImageUrl} is http: browsers block its pictures on pages with https, and anybody in between can replace them.`,
      remedy: `Set PUBLIC_IMAGE_URL=https://${hostname}.`,
    })
  const covers = (alias: string) =>
    alias === hostname || (alias.startsWith('*.') && hostname.slice(hostname.indexOf('.')) === alias.slice(1))
  if (!aliases.some(covers) && !hostname.endsWith('.cloudfront.net'))
    return bad('ERROR', 'image-url', {
      message: `PUBLIC_IMAGE_URL=${publicImageUrl} is none of the distribution's names (${aliases.join(', ') || 'no alias'}).`,
      remedy: `Set PUBLIC_IMAGE_URL=${example}, or add ${hostname} to the distribution's aliases.`,
    })
  const rewrites =
    (route.behavior.FunctionAssociations?.Quantity ?? 0) + (route.behavior.LambdaFunctionAssociations?.Quantity ?? 0)
  if (pathOf(publicImageUrl) !== '' && rewrites === 0)
    return bad('ERROR', 'image-url', {
      message: `PUBLIC_IMAGE_URL=${publicImageUrl} has a path, which is not part of the bucket's keys: every request misses the bucket.`,
      remedy: 'Remove the path from PUBLIC_IMAGE_URL, or add a viewer-request function that strips it.',
    })
  return ok('image-url', `${publicImageUrl} is a name of the distribution.`)
}

const isLoopback = (hostname: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
