import { Annotations, Duration, type Stack, Validations } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import {
  AccessLevel,
  AllowedMethods,
  CachePolicy,
  CfnDistribution,
  Distribution,
  type DistributionProps,
  type ErrorResponse,
  HttpVersion,
  KeyGroup,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  PriceClass,
  type PublicKey,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront'
import { HttpOrigin, OriginGroup, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { CACHE_TAG_HEADER } from '../src/core/cache-tags.ts'
import { ORIGIN_SECRET_HEADER } from '../src/core/origin-secret.ts'
import { PRIVATE_PREFIX } from '../src/core/visibility.ts'
import {
  createCachePolicy,
  createPrivateRequestPolicy,
  createResponseHeadersPolicy,
  createStableCachePolicy,
} from './cache-policies.ts'
import type { CdnOptions, HandlerOrigin } from './options.ts'

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

/** Pictures of PRIVATE items. */
const PRIVATE_PATHS = `${PRIVATE_PREFIX}*`

/** For these CloudFront ignores `no-store` and caches them for 10 s by default; 1 s is the handler's Retry-After. */
const NO_STORE_IGNORED = [403, 500, 502, 503, 504]

/**
 * Serves `/{key}` from the previews bucket, and missing ones from the handler's `/images/{key}`; pictures of PRIVATE items only from the
 * handler, which checks their signature, and keeps none of them. infra/README.md explains CloudFront's behaviour and what each setting
 * prevents.
 * @param parts.publicKey then CloudFront checks a signature by it too, before the request reaches the service
 * @param parts.originSecret sent to the handler with every request, which refuses others; a reference that CloudFormation resolves
 */
export function createDistribution(
  stack: Stack,
  parts: {
    previews: Bucket
    handler: HandlerOrigin
    publicKey: PublicKey | null
    originSecret: string | null
    options: CdnOptions
  },
): Distribution {
  const { previews, handler, publicKey, originSecret, options } = parts
  const bucketOrigin = S3BucketOrigin.withOriginAccessControl(previews, {
    // With LIST a missing object is 404 instead of 403.
    originAccessLevels: [AccessLevel.READ, AccessLevel.LIST],
    ...CONNECT,
  })
  const handlerOrigin = new HttpOrigin(handler.domain, {
    originPath: '/images',
    protocolPolicy: handler.protocol === 'https' ? OriginProtocolPolicy.HTTPS_ONLY : OriginProtocolPolicy.HTTP_ONLY,
    readTimeout: HANDLER_READ_TIMEOUT,
    ...(originSecret ? { customHeaders: { [ORIGIN_SECRET_HEADER]: originSecret } } : {}),
    // Only for the handler: what the bucket answers costs less without it.
    ...(options.originShield ? { originShieldRegion: options.originShield } : {}),
    ...CONNECT,
  })
  const responseHeadersPolicy = createResponseHeadersPolicy(stack)
  const distribution = new Distribution(stack, 'Distribution', {
    comment: 'Afterimage: previews from the bucket, and from the service what the bucket lacks',
    httpVersion: HttpVersion.HTTP2_AND_3,
    ...optionalProps(stack, options),
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
  Validations.of(distribution).acknowledge(
    { id: 'AwsSolutions-CFR1', reason: 'Pictures of vendors are for viewers of every country.' },
    { id: 'AwsSolutions-CFR2', reason: 'A web ACL costs for each request; whoever wants one names it with webAclArn.' },
    { id: 'AwsSolutions-CFR3', reason: 'Logs (v2) are set up by a stack in us-east-1, see accessLogsOf.' },
  )
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

const PRICE_CLASSES = {
  '100': PriceClass.PRICE_CLASS_100,
  '200': PriceClass.PRICE_CLASS_200,
  all: PriceClass.PRICE_CLASS_ALL,
}

const optionalProps = (stack: Stack, { alias, webAclArn, priceClass }: CdnOptions): Partial<DistributionProps> => ({
  priceClass: PRICE_CLASSES[priceClass],
  ...(webAclArn ? { webAclId: webAclArn } : {}),
  ...(alias
    ? {
        domainNames: [alias.domainName],
        certificate: Certificate.fromCertificateArn(stack, 'Certificate', alias.certificateArn),
        minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      }
    : {}),
})
