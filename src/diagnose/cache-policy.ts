import type { CachePolicyConfig } from '@aws-sdk/client-cloudfront'
import { bad, type Finding, ok } from './finding.ts'
import type { Route } from './route.ts'

/** AWS's managed policies: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html */
export const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad'
/** CachingOptimized's: the least that is compressed. Errors and redirects say for themselves that they are kept for less than a minute. */
const MIN_TTL_MAX_S = 1
/** The max-age of pictures, whose URLs name their version. */
const YEAR_S = 31_536_000
const REMEDY = 'Use the policy CachingOptimized.'

/**
 * Whether pictures are cached for as long as they say, one copy for each URL.
 * @param policy undefined: it may not be read; null: the behaviour has none
 */
export function checkCachePolicy({ behavior }: Route, policy: CachePolicyConfig | null | undefined): Finding {
  const check = 'cache-key'
  if (behavior.CachePolicyId === CACHING_DISABLED)
    return bad('ERROR', check, {
      message: 'The behaviour of the pictures has the policy CachingDisabled: every request goes to an origin.',
      remedy: REMEDY,
    })
  if (behavior.ForwardedValues?.QueryString)
    return bad('WARNING', check, {
      message:
        'The query string is part of the cache key: ?x caches another copy, which an invalidation by path misses.',
      remedy: REMEDY,
    })
  if (policy === undefined)
    return bad('WARNING', check, {
      message: `The cache policy ${behavior.CachePolicyId} may not be read, so what it caches is not checked.`,
      remedy: "Allow cloudfront:GetCachePolicyConfig in the policy of this service's credentials.",
    })
  if (policy === null) return ok(check, 'The cache policy is stated in the behaviour.')
  const { Name: name = '', MinTTL: min = 0, DefaultTTL: standard = 86_400, MaxTTL: max = YEAR_S } = policy
  const parts = partsOf(policy)
  if (parts.length > 0)
    return bad('WARNING', check, {
      message: `The policy ${name} makes ${parts.join(' and ')} part of the cache key: one picture is cached once for each, and requested from an origin as often.`,
      remedy: REMEDY,
    })
  if (max < YEAR_S || min > MIN_TTL_MAX_S)
    return bad('WARNING', check, {
      message:
        max < YEAR_S
          ? `The policy ${name} caches pictures for ${max} s at most: each edge requests them again after that.`
          : `The policy ${name} caches everything for at least ${min} s, redirects and errors too.`,
      remedy: `Use the policy CachingOptimized, or set MinTTL to at most ${MIN_TTL_MAX_S} and MaxTTL to ${YEAR_S}.`,
    })
  return ok(
    check,
    `The policy ${name} caches one copy for each URL, for ${min} to ${max} s (${standard} s by default).`,
  )
}

function partsOf({ ParametersInCacheKeyAndForwardedToOrigin: key }: CachePolicyConfig): string[] {
  const is = (behavior: string | undefined) => behavior !== undefined && behavior !== 'none'
  return [
    is(key?.QueryStringsConfig?.QueryStringBehavior) ? 'query strings' : '',
    is(key?.CookiesConfig?.CookieBehavior) ? 'cookies' : '',
    is(key?.HeadersConfig?.HeaderBehavior) ? `headers (${key?.HeadersConfig?.Headers?.Items?.join(', ')})` : '',
  ].filter(Boolean)
}
