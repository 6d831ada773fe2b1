import { Duration, type Stack } from 'aws-cdk-lib'
import {
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  OriginRequestCookieBehavior,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
  ResponseHeadersPolicy,
} from 'aws-cdk-lib/aws-cloudfront'
import { SIGNED_PARAMETERS } from '../src/access/signed-url.ts'
import { SOURCE_HASH_HEADER } from '../src/core/cache-tags.ts'
import { STABLE_PARAMETERS } from '../src/core/stable-parameters.ts'

/** Neither cookies nor headers are part of the cache key; without a header of the origin nothing is kept. */
const NEITHER_COOKIES_NOR_HEADERS = {
  cookieBehavior: CacheCookieBehavior.none(),
  headerBehavior: CacheHeaderBehavior.none(),
  enableAcceptEncodingGzip: false,
  enableAcceptEncodingBrotli: false,
  minTtl: Duration.seconds(0),
  defaultTtl: Duration.seconds(0),
}

/** Only the path identifies a picture, so a query string, a cookie or a header cannot bypass the cache. */
export const createCachePolicy = (stack: Stack) =>
  new CachePolicy(stack, 'CachePolicy', {
    comment: 'The path alone; as long as the origin says',
    queryStringBehavior: CacheQueryStringBehavior.none(),
    ...NEITHER_COOKIES_NOR_HEADERS,
    maxTtl: Duration.days(365),
  })

/** A stable address redirects to the picture that its query describes; parameters unknown to the service are left out. */
export const createStableCachePolicy = (stack: Stack) =>
  new CachePolicy(stack, 'StableCachePolicy', {
    comment: 'The path and the parameters of stable addresses; as long as the handler says',
    queryStringBehavior: CacheQueryStringBehavior.allowList(...STABLE_PARAMETERS),
    ...NEITHER_COOKIES_NOR_HEADERS,
    maxTtl: Duration.days(1),
  })

/** Pictures of PRIVATE items have the parameters of the service's own signature; CloudFront removes its own. */
export const createPrivateRequestPolicy = (stack: Stack) =>
  new OriginRequestPolicy(stack, 'PrivateRequestPolicy', {
    comment: 'The signature of a private picture',
    queryStringBehavior: OriginRequestQueryStringBehavior.allowList(...Object.values(SIGNED_PARAMETERS)),
    cookieBehavior: OriginRequestCookieBehavior.none(),
    headerBehavior: OriginRequestHeaderBehavior.none(),
  })

/** Adds the handler's headers to the bucket's responses, and has browsers use HTTPS only, for a year. */
export const createResponseHeadersPolicy = (stack: Stack) =>
  new ResponseHeadersPolicy(stack, 'ResponseHeadersPolicy', {
    comment: 'What the origin handler sends, on the answers of the bucket too',
    securityHeadersBehavior: {
      contentTypeOptions: { override: true },
      // Not for subdomains: they may be served by something else.
      strictTransportSecurity: { accessControlMaxAge: Duration.days(365), includeSubdomains: false, override: true },
    },
    // Kept with the object for the operator.
    removeHeaders: [SOURCE_HASH_HEADER],
    corsBehavior: {
      accessControlAllowOrigins: ['*'],
      accessControlAllowMethods: ['GET', 'HEAD', 'OPTIONS'],
      accessControlAllowHeaders: ['*'],
      accessControlAllowCredentials: false,
      accessControlMaxAge: Duration.days(1),
      originOverride: true,
    },
  })
