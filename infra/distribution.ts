import { Annotations, Duration, type Stack } from 'aws-cdk-lib'
import {
  AccessLevel,
  AllowedMethods,
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  CfnDistribution,
  Distribution,
  type ErrorResponse,
  HttpVersion,
  KeyGroup,
  OriginProtocolPolicy,
  OriginRequestCookieBehavior,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
  type PublicKey,
  ResponseHeadersPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront'
import { HttpOrigin, OriginGroup, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { SIGNED_PARAMETERS } from '../src/access/signed-url.ts'
import { CACHE_TAG_HEADER, SOURCE_HASH_HEADER } from '../src/core/cache-tags.ts'
import { STABLE_PARAMETERS } from '../src/core/stable-parameters.ts'
import { PRIVATE_PREFIX } from '../src/core/visibility.ts'

/** The address of the service. */
export interface HandlerOrigin {
  readonly domain: string
  readonly protocol: 'https' | 'http'
}

/** The bucket's responses when a picture is missing or S3 is failing. Not 403: a broken policy must stay visible. */
const FAILOVER_CODES = [404, 500, 502, 503, 504]

/** CloudFront's default is 3 x 10 s, which a viewer would wait before the second origin is requested. */
const CONNECT = { connectionTimeout: Duration.seconds(2), connectionAttempts: 2 }
/** A picture is far below 1 MB. */
const BUCKET_READ_TIMEOUT_SECONDS = 5
/** Above the handler's worst case (8 s queued, 10 s for the source, 5 s to render), after which it responds with 503 itself. */
const HANDLER_READ_TIMEOUT = Duration.seconds(30)

/** Stable addresses of items: 12 characters and a dot. No key starts like that, whatever the vendor's name. */
const STABLE_PATHS = 'i/????????????.*'

/** Pictures of PRIVATE items, and the parameters of the service's own signature; CloudFront removes its own. */
const PRIVATE_PATHS = `${PRIVATE_PREFIX}*`
const SIGNATURE = Object.values(SIGNED_PARAMETERS)

/** For these CloudFront ignores `no-store` and caches them for 10 s by default; 1 s is the handler's Retry-After. */
const NO_STORE_IGNORED = [403, 500, 502, 503, 504]

/**
 * Serves `/{key}` from the previews bucket, and missing ones from the handler's `/images/{key}`; pictures of PRIVATE items only from the
 * handler, which checks their signature, and keeps none of them. infra/README.md explains CloudFront's behaviour and what each setting
 * prevents.
 * @param options.publicKey then CloudFront checks a signature by it too, before the request reaches the service
 */
export function createDistribution(
  stack: Stack,
  { previews, handler, publicKey }: { previews: Bucket; handler: HandlerOrigin; publicKey: PublicKey | null },
): Distribution {
  const bucketOrigin = S3BucketOrigin.withOriginAccessControl(previews, {
    // With LIST a missing object is 404 instead of 403.
    originAccessLevels: [AccessLevel.READ, AccessLevel.LIST],
    ...CONNECT,
  })
  const handlerOrigin = new HttpOrigin(handler.domain, {
    originPath: '/images',
    protocolPolicy: handler.protocol === 'https' ? OriginProtocolPolicy.HTTPS_ONLY : OriginProtocolPolicy.HTTP_ONLY,
    readTimeout: HANDLER_READ_TIMEOUT,
    ...CONNECT,
  })
  const responseHeadersPolicy = createResponseHeadersPolicy(stack)
  const distribution = new Distribution(stack, 'Distribution', {
    comment: 'Afterimage: previews from the bucket, and from the service what the bucket lacks',
    httpVersion: HttpVersion.HTTP2_AND_3,
    // For the bucket, `/` is a request to list its keys, which must stay private. This object never exists.
    defaultRootObject: 'index.html',
    defaultBehavior: {
      origin: new OriginGroup({
        primaryOrigin: bucketOrigin,
        fallbackOrigin: handlerOrigin,
        fallbackStatusCodes: FAILOVER_CODES,
      }),
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      // Pictures are already compressed.
      compress: false,
      cachePolicy: createCachePolicy(stack),
      // The preflight's headers; not in the cache key, and preflights are not cached.
      originRequestPolicy: OriginRequestPolicy.CORS_S3_ORIGIN,
      responseHeadersPolicy,
    },
    additionalBehaviors: {
      [STABLE_PATHS]: {
        origin: handlerOrigin,
        allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        compress: false,
        cachePolicy: createStableCachePolicy(stack),
        responseHeadersPolicy,
      },
      [PRIVATE_PATHS]: {
        origin: handlerOrigin,
        allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
        compress: false,
        cachePolicy: CachePolicy.CACHING_DISABLED,
        originRequestPolicy: createPrivateRequestPolicy(stack),
        responseHeadersPolicy,
        ...(publicKey ? { trustedKeyGroups: [new KeyGroup(stack, 'PrivateKeyGroup', { items: [publicKey] })] } : {}),
      },
    },
    errorResponses: [
      ...NO_STORE_IGNORED.map((httpStatus): ErrorResponse => ({ httpStatus, ttl: Duration.seconds(1) })),
      // Controlled by the handler's Cache-Control.
      { httpStatus: 404, ttl: Duration.seconds(0) },
    ],
  })
  // It requires the defaultRootObject above.
  Annotations.of(distribution).acknowledgeWarning('@aws-cdk/aws-cloudfront-origins:listBucketSecurityRisk')
  // CloudFormation has these two, the construct does not yet.
  const resource = distribution.node.defaultChild
  if (!(resource instanceof CfnDistribution)) throw new Error('the distribution has no resource')
  resource.addPropertyOverride('DistributionConfig.CacheTagConfig.HeaderName', CACHE_TAG_HEADER)
  resource.addPropertyOverride(
    'DistributionConfig.Origins.0.S3OriginConfig.OriginReadTimeout',
    BUCKET_READ_TIMEOUT_SECONDS,
  )
  return distribution
}

/** A stable address redirects to the picture that its query describes; parameters unknown to the service are left out. */
const createStableCachePolicy = (stack: Stack) =>
  new CachePolicy(stack, 'StableCachePolicy', {
    comment: 'The path and the parameters of stable addresses; as long as the handler says',
    queryStringBehavior: CacheQueryStringBehavior.allowList(...STABLE_PARAMETERS),
    cookieBehavior: CacheCookieBehavior.none(),
    headerBehavior: CacheHeaderBehavior.none(),
    enableAcceptEncodingGzip: false,
    enableAcceptEncodingBrotli: false,
    minTtl: Duration.seconds(0),
    defaultTtl: Duration.seconds(0),
    maxTtl: Duration.days(1),
  })

const createPrivateRequestPolicy = (stack: Stack) =>
  new OriginRequestPolicy(stack, 'PrivateRequestPolicy', {
    comment: 'The signature of a private picture',
    queryStringBehavior: OriginRequestQueryStringBehavior.allowList(...SIGNATURE),
    cookieBehavior: OriginRequestCookieBehavior.none(),
    headerBehavior: OriginRequestHeaderBehavior.none(),
  })

/** Only the path identifies a picture, so a query string, a cookie or a header cannot bypass the cache. */
const createCachePolicy = (stack: Stack) =>
  new CachePolicy(stack, 'CachePolicy', {
    comment: 'The path alone; as long as the origin says',
    queryStringBehavior: CacheQueryStringBehavior.none(),
    cookieBehavior: CacheCookieBehavior.none(),
    headerBehavior: CacheHeaderBehavior.none(),
    enableAcceptEncodingGzip: false,
    enableAcceptEncodingBrotli: false,
    minTtl: Duration.seconds(0),
    defaultTtl: Duration.seconds(0),
    maxTtl: Duration.days(365),
  })

/** Adds the handler's headers to the bucket's responses. */
const createResponseHeadersPolicy = (stack: Stack) =>
  new ResponseHeadersPolicy(stack, 'ResponseHeadersPolicy', {
    comment: 'What the origin handler sends, on the answers of the bucket too',
    securityHeadersBehavior: { contentTypeOptions: { override: true } },
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
