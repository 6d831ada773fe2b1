import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { SIGNED_PARAMETERS } from '../../src/access/signed-url.ts'
import { answerHeaders } from '../../src/cdn/cache-headers.ts'
import { CACHE_TAG_HEADER, SOURCE_HASH_HEADER } from '../../src/core/cache-tags.ts'
import { STABLE_PARAMETERS } from '../../src/core/stable-parameters.ts'
import { openSynth, print } from './synth.ts'

const open = openSynth()
const storage = open.storage()
const THIS_DISTRIBUTION = 'arn:AWS::Partition:cloudfront::AWS::AccountId:distribution/Distribution'
const BUCKETS = ['Originals', 'Previews']

interface Behavior {
  readonly TrustedKeyGroups?: object
}

describe('the distribution', () => {
  it('requests the bucket first, then the handler for missing pictures and stable addresses; a broken policy (403) stays visible', () => {
    const { Origins, OriginGroups, DefaultCacheBehavior, CacheBehaviors } = storage.distribution()
    const [bucket, handler] = Origins
    expect(Origins).toHaveLength(2)
    expect(print(bucket.DomainName)).toBe('Previews.RegionalDomainName')
    expect(bucket.OriginAccessControlId).toBeDefined()
    expect(bucket.S3OriginConfig.OriginAccessIdentity).toBe('')
    expect(handler).toMatchObject({
      DomainName: 'api.acme.test',
      OriginPath: '/images',
      CustomOriginConfig: { OriginProtocolPolicy: 'https-only' },
    })
    expect(OriginGroups.Items).toEqual([
      {
        Id: DefaultCacheBehavior.TargetOriginId,
        FailoverCriteria: { StatusCodes: { Items: [404, 500, 502, 503, 504], Quantity: 5 } },
        Members: { Items: [{ OriginId: bucket.Id }, { OriginId: handler.Id }], Quantity: 2 },
      },
    ])
    const [stable] = CacheBehaviors
    expect(CacheBehaviors).toHaveLength(2)
    expect(stable).toMatchObject({ PathPattern: 'i/????????????.*', TargetOriginId: handler.Id })
    const { ParametersInCacheKeyAndForwardedToOrigin: key } = storage.properties(
      'AWS::CloudFront::CachePolicy',
      'StableCachePolicy',
    ).CachePolicyConfig
    expect(key.QueryStringsConfig).toEqual({ QueryStringBehavior: 'whitelist', QueryStrings: [...STABLE_PARAMETERS] })
  })

  it('requests private pictures from the handler alone, with their signature, and keeps none', () => {
    const [, privately] = storage.distribution().CacheBehaviors
    const [, handler] = storage.distribution().Origins
    expect(privately).toMatchObject({
      PathPattern: '_private/*',
      TargetOriginId: handler.Id,
      ViewerProtocolPolicy: 'https-only',
      // AWS's own CachingDisabled.
      CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
    })
    expect(privately.TrustedKeyGroups).toBeUndefined()
    expect(storage.properties('AWS::CloudFront::OriginRequestPolicy').OriginRequestPolicyConfig).toMatchObject({
      QueryStringsConfig: { QueryStringBehavior: 'whitelist', QueryStrings: Object.values(SIGNED_PARAMETERS) },
      CookiesConfig: { CookieBehavior: 'none' },
      HeadersConfig: { HeaderBehavior: 'none' },
    })
    const denied = storage
      .statements('AWS::S3::BucketPolicy', 'Previews')
      .find(({ Sid }: { Sid?: string }) => Sid === 'NothingPrivate')
    expect(denied).toMatchObject({ Effect: 'Deny', Action: ['s3:GetObject', 's3:PutObject'], Principal: { AWS: '*' } })
    expect(print(denied.Resource)).toBe('Previews.Arn/_private/*')
  })

  it('with a public key, only lets through what its private key has signed', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const cdnPublicKey = publicKey.export({ type: 'spki', format: 'pem' })
    const signed = open.storage({ cdnPublicKey }).template
    const only = (type: string): [string, { Properties: Record<string, never> }] =>
      Object.entries(signed.findResources(type))[0] as never
    const [keyId, key] = only('AWS::CloudFront::PublicKey')
    const [groupId, group] = only('AWS::CloudFront::KeyGroup')
    expect(key.Properties.PublicKeyConfig).toMatchObject({ EncodedKey: cdnPublicKey })
    expect(group.Properties.KeyGroupConfig).toMatchObject({ Items: [{ Ref: keyId }] })
    const { DistributionConfig: live } = only('AWS::CloudFront::Distribution')[1].Properties as unknown as {
      DistributionConfig: Record<'DefaultCacheBehavior', Behavior> & { CacheBehaviors: Behavior[] }
    }
    const groupsOf = ({ TrustedKeyGroups: groups }: Behavior) => groups
    expect(live.CacheBehaviors.map(groupsOf)).toEqual([undefined, [{ Ref: groupId }]])
    expect(groupsOf(live.DefaultCacheBehavior)).toBeUndefined()
    expect(signed.findOutputs('CdnKeyPairId')).toMatchObject({ CdnKeyPairId: { Value: { Ref: keyId } } })
    expect(() => open.storage({ cdnPublicKey: 'K2JCJMDEHXQW5F' })).toThrow(/not a public key in PEM/)
  })

  it('gives up on an origin quickly: 2 s and two attempts to connect, 5 s for the bucket, 30 s for the handler', () => {
    expect(storage.distribution().Origins).toMatchObject([
      { ConnectionTimeout: 2, ConnectionAttempts: 2, S3OriginConfig: { OriginReadTimeout: 5 } },
      { ConnectionTimeout: 2, ConnectionAttempts: 2, CustomOriginConfig: { OriginReadTimeout: 30 } },
    ])
  })

  it('signs its requests to the bucket, may read and list it, and is the only one that may', () => {
    const { OriginAccessControlConfig: control } = storage.properties('AWS::CloudFront::OriginAccessControl')
    expect(control).toMatchObject({ OriginAccessControlOriginType: 's3', SigningBehavior: 'always' })
    const allowed = BUCKETS.flatMap((id) => storage.statements('AWS::S3::BucketPolicy', id)).filter(
      ({ Effect }: { Effect: string }) => Effect === 'Allow',
    )
    expect(allowed).toHaveLength(1)
    const [{ Principal, Action, Resource, Condition }] = allowed
    expect(Principal).toEqual({ Service: 'cloudfront.amazonaws.com' })
    expect(Action).toEqual(['s3:GetObject', 's3:ListBucket'])
    expect(Resource.map(print)).toEqual(['Previews.Arn/*', 'Previews.Arn'])
    expect(Condition).toEqual({ StringEquals: { 'AWS:SourceArn': expect.anything() } })
    expect(print(Condition.StringEquals['AWS:SourceArn'])).toBe(THIS_DISTRIBUTION)
  })

  it('lets no viewer list the bucket: / is a key, and no query string reaches an origin', () => {
    expect(storage.distribution().DefaultRootObject).toBe('index.html')
    // AWS's own CORS-S3Origin: the three headers of a preflight, no query strings, no cookies.
    expect(storage.distribution().DefaultCacheBehavior.OriginRequestPolicyId).toBe(
      '88a5eaf4-2fd4-4709-b370-b4c650ea3fcf',
    )
  })

  it('caches by the path alone, for as long as the origin allows, up to a year', () => {
    expect(storage.properties('AWS::CloudFront::CachePolicy', 'CachePolicy').CachePolicyConfig).toMatchObject({
      MinTTL: 0,
      DefaultTTL: 0,
      MaxTTL: 31_536_000,
      ParametersInCacheKeyAndForwardedToOrigin: {
        CookiesConfig: { CookieBehavior: 'none' },
        HeadersConfig: { HeaderBehavior: 'none' },
        QueryStringsConfig: { QueryStringBehavior: 'none' },
        EnableAcceptEncodingBrotli: false,
        EnableAcceptEncodingGzip: false,
      },
    })
    const { Compress, ViewerProtocolPolicy } = storage.distribution().DefaultCacheBehavior
    expect([Compress, ViewerProtocolPolicy]).toEqual([false, 'redirect-to-https'])
  })

  it('caches an error no longer than the handler allows, and one that ignores no-store for a second', () => {
    const rule = (seconds: number) => (code: number) => ({ ErrorCode: code, ErrorCachingMinTTL: seconds })
    expect(storage.distribution().CustomErrorResponses).toEqual([
      ...[403, 500, 502, 503, 504].map(rule(1)),
      rule(0)(404),
    ])
  })

  it("sends the handler's headers with the bucket's pictures, HTTPS only, and has the bucket answer preflights", () => {
    const policy = storage.properties('AWS::CloudFront::ResponseHeadersPolicy').ResponseHeadersPolicyConfig
    const sent = answerHeaders({ allow: true })
    expect(sent['x-content-type-options']).toBe('nosniff')
    expect(policy.SecurityHeadersConfig).toEqual({
      ContentTypeOptions: { Override: true },
      StrictTransportSecurity: { AccessControlMaxAgeSec: 31_536_000, IncludeSubdomains: false, Override: true },
    })
    expect(policy.RemoveHeadersConfig.Items).toEqual([{ Header: SOURCE_HASH_HEADER }])
    expect(policy.CorsConfig).toMatchObject({ AccessControlAllowCredentials: false, OriginOverride: true })
    expect(policy.CorsConfig.AccessControlAllowOrigins.Items).toEqual([sent['access-control-allow-origin']])
    const methods = sent['access-control-allow-methods']?.split(', ')
    expect(policy.CorsConfig.AccessControlAllowMethods.Items).toEqual(methods)
    expect(storage.distribution().DefaultCacheBehavior.AllowedMethods).toEqual(methods)
    expect(storage.properties('AWS::S3::Bucket', 'Previews').CorsConfiguration.CorsRules).toEqual([
      { AllowedOrigins: ['*'], AllowedMethods: ['GET', 'HEAD'], AllowedHeaders: ['*'], MaxAge: 86_400 },
    ])
  })

  it("reads a picture's cache tags from the header that the service writes", () => {
    expect(storage.distribution().CacheTagConfig).toEqual({ HeaderName: CACHE_TAG_HEADER })
  })
})
