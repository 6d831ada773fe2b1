import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SIGNED_PARAMETERS } from '../../src/access/signed-url.ts'
import { answerHeaders } from '../../src/cdn/cache-headers.ts'
import { CACHE_TAG_HEADER, SOURCE_HASH_HEADER } from '../../src/core/cache-tags.ts'
import { loadConfig } from '../../src/core/config.ts'
import { STABLE_PARAMETERS } from '../../src/core/stable-parameters.ts'
import { VARIABLES } from '../../src/core/variables.ts'
import { createStack } from '../stack.ts'

const INFRA = path.join(import.meta.dirname, '..')
const run = promisify(execFile)
/** Neither an account nor a network: no credentials, no home, and no outgoing connections. */
const nowhere = (home: string) => ({
  PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
  HOME: home,
  HTTPS_PROXY: 'http://127.0.0.1:9',
  AWS_EC2_METADATA_DISABLED: 'true',
})

let directory: string
let text: string
let template: Template

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'afterimage-infra-'))
  const output = path.join(directory, 'out')
  const args = ['run', 'synth', '--', '--quiet', '--strict', '--output', output, '-c', 'originDomain=api.acme.test']
  await run('npm', args, { cwd: INFRA, env: nowhere(directory) })
  text = await readFile(path.join(output, 'Afterimage.template.json'), 'utf8')
  template = Template.fromString(text)
})
afterAll(() => rm(directory, { recursive: true, force: true }))
/** By default it leaves a folder in the system's temporary one. */
const newApp = () => new App({ outdir: path.join(directory, 'app') })

/** The properties of the only resource of its type, or of the one whose id begins with this. */
function properties(type: string, id = '') {
  const found = Object.entries(template.findResources(type)).filter(([name]) => name.startsWith(id))
  expect(found, `${type} ${id}`).toHaveLength(1)
  return found[0]?.[1].Properties
}
const distribution = () => properties('AWS::CloudFront::Distribution').DistributionConfig
const statements = (type: string, id?: string) => properties(type, id).PolicyDocument.Statement
const THIS_DISTRIBUTION = 'arn:AWS::Partition:cloudfront::AWS::AccountId:distribution/Distribution'
const BUCKETS = ['Originals', 'Previews']

/** A value of the template as CloudFormation would print it, with each reference as the name of its target. */
function print(value: unknown): string {
  if (typeof value === 'string') return value
  const [[name, argument] = ['', null]] = Object.entries(value ?? {})
  if (name === 'Fn::Join') return argument[1].map(print).join(argument[0])
  const shown = name === 'Ref' ? argument : argument.join('.')
  return shown.replace(/^(Originals|Previews|Distribution)[0-9A-F]{8}/, '$1')
}

interface Behavior {
  readonly TrustedKeyGroups?: object
}

describe('the distribution', () => {
  it('requests the bucket first, then the handler for missing pictures and stable addresses; a broken policy (403) stays visible', () => {
    const { Origins, OriginGroups, DefaultCacheBehavior, CacheBehaviors } = distribution()
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
    const { ParametersInCacheKeyAndForwardedToOrigin: key } = properties(
      'AWS::CloudFront::CachePolicy',
      'StableCachePolicy',
    ).CachePolicyConfig
    expect(key.QueryStringsConfig).toEqual({ QueryStringBehavior: 'whitelist', QueryStrings: [...STABLE_PARAMETERS] })
  })

  it('requests private pictures from the handler alone, with their signature, and keeps none', () => {
    const [, privately] = distribution().CacheBehaviors
    const [, handler] = distribution().Origins
    expect(privately).toMatchObject({
      PathPattern: '_private/*',
      TargetOriginId: handler.Id,
      ViewerProtocolPolicy: 'https-only',
      // AWS's own CachingDisabled.
      CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
    })
    expect(privately.TrustedKeyGroups).toBeUndefined()
    expect(properties('AWS::CloudFront::OriginRequestPolicy').OriginRequestPolicyConfig).toMatchObject({
      QueryStringsConfig: { QueryStringBehavior: 'whitelist', QueryStrings: Object.values(SIGNED_PARAMETERS) },
      CookiesConfig: { CookieBehavior: 'none' },
      HeadersConfig: { HeaderBehavior: 'none' },
    })
    const denied = statements('AWS::S3::BucketPolicy', 'Previews').find(
      ({ Sid }: { Sid?: string }) => Sid === 'NothingPrivate',
    )
    expect(denied).toMatchObject({ Effect: 'Deny', Action: ['s3:GetObject', 's3:PutObject'], Principal: { AWS: '*' } })
    expect(print(denied.Resource)).toBe('Previews.Arn/_private/*')
  })

  it('with a public key, only lets through what its private key has signed', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const cdnPublicKey = publicKey.export({ type: 'spki', format: 'pem' })
    const signed = Template.fromStack(
      createStack(newApp(), { domain: 'api.acme.test', protocol: 'https', cdnPublicKey }),
    )
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
    const bad = { domain: 'api.acme.test', protocol: 'https', cdnPublicKey: 'K2JCJMDEHXQW5F' }
    expect(() => createStack(newApp(), bad)).toThrow(/not a public key in PEM/)
  })

  it('gives up on an origin quickly: 2 s and two attempts to connect, 5 s for the bucket, 30 s for the handler', () => {
    expect(distribution().Origins).toMatchObject([
      { ConnectionTimeout: 2, ConnectionAttempts: 2, S3OriginConfig: { OriginReadTimeout: 5 } },
      { ConnectionTimeout: 2, ConnectionAttempts: 2, CustomOriginConfig: { OriginReadTimeout: 30 } },
    ])
  })

  it('signs its requests to the bucket, may read and list it, and is the only one that may', () => {
    const { OriginAccessControlConfig: control } = properties('AWS::CloudFront::OriginAccessControl')
    expect(control).toMatchObject({ OriginAccessControlOriginType: 's3', SigningBehavior: 'always' })
    const allowed = BUCKETS.flatMap((id) => statements('AWS::S3::BucketPolicy', id)).filter(
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
    expect(distribution().DefaultRootObject).toBe('index.html')
    // AWS's own CORS-S3Origin: the three headers of a preflight, no query strings, no cookies.
    expect(distribution().DefaultCacheBehavior.OriginRequestPolicyId).toBe('88a5eaf4-2fd4-4709-b370-b4c650ea3fcf')
  })

  it('caches by the path alone, for as long as the origin allows, up to a year', () => {
    expect(properties('AWS::CloudFront::CachePolicy', 'CachePolicy').CachePolicyConfig).toMatchObject({
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
    const { Compress, ViewerProtocolPolicy } = distribution().DefaultCacheBehavior
    expect([Compress, ViewerProtocolPolicy]).toEqual([false, 'redirect-to-https'])
  })

  it('caches an error no longer than the handler allows, and one that ignores no-store for a second', () => {
    const rule = (seconds: number) => (code: number) => ({ ErrorCode: code, ErrorCachingMinTTL: seconds })
    expect(distribution().CustomErrorResponses).toEqual([...[403, 500, 502, 503, 504].map(rule(1)), rule(0)(404)])
  })

  it("sends the handler's headers with the bucket's pictures, and has the bucket answer preflights", () => {
    const policy = properties('AWS::CloudFront::ResponseHeadersPolicy').ResponseHeadersPolicyConfig
    const sent = answerHeaders({ allow: true })
    expect(sent['x-content-type-options']).toBe('nosniff')
    expect(policy.SecurityHeadersConfig).toEqual({ ContentTypeOptions: { Override: true } })
    expect(policy.RemoveHeadersConfig.Items).toEqual([{ Header: SOURCE_HASH_HEADER }])
    expect(policy.CorsConfig).toMatchObject({ AccessControlAllowCredentials: false, OriginOverride: true })
    expect(policy.CorsConfig.AccessControlAllowOrigins.Items).toEqual([sent['access-control-allow-origin']])
    const methods = sent['access-control-allow-methods']?.split(', ')
    expect(policy.CorsConfig.AccessControlAllowMethods.Items).toEqual(methods)
    expect(distribution().DefaultCacheBehavior.AllowedMethods).toEqual(methods)
    expect(properties('AWS::S3::Bucket', 'Previews').CorsConfiguration.CorsRules).toEqual([
      { AllowedOrigins: ['*'], AllowedMethods: ['GET', 'HEAD'], AllowedHeaders: ['*'], MaxAge: 86_400 },
    ])
  })

  it("reads a picture's cache tags from the header that the service writes", () => {
    expect(distribution().CacheTagConfig).toEqual({ HeaderName: CACHE_TAG_HEADER })
  })
})

it.each(BUCKETS)('the bucket %s is private, encrypted, accessible over TLS only, and outlives the stack', (id) => {
  const [, bucket] =
    Object.entries(template.findResources('AWS::S3::Bucket')).find(([name]) => name.startsWith(id)) ?? []
  expect(bucket).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
  const all = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true }
  expect(bucket?.Properties).toMatchObject({
    PublicAccessBlockConfiguration: all,
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    LifecycleConfiguration: { Rules: [{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }] },
  })
  const [deny] = statements('AWS::S3::BucketPolicy', id)
  expect(deny).toMatchObject({ Effect: 'Deny', Action: 's3:*', Principal: { AWS: '*' } })
  expect(deny.Condition).toEqual({ Bool: { 'aws:SecureTransport': 'false' } })
  expect(deny.Resource.map(print)).toEqual([`${id}.Arn`, `${id}.Arn/*`])
})

it('the service has exactly the permissions that it needs, on these buckets and this distribution', () => {
  const granted: string[] = statements('AWS::IAM::ManagedPolicy').flatMap(
    ({ Effect, Action, Resource }: Record<string, string>) =>
      [Action].flat().map((action) => `${Effect} ${action}: ${[Resource].flat().map(print).join(', ')}`),
  )
  expect(granted.sort()).toEqual([
    ...['CreateInvalidation', 'GetDistributionConfig'].map(
      (action) => `Allow cloudfront:${action}: ${THIS_DISTRIBUTION}`,
    ),
    'Allow s3:DeleteObject: Originals.Arn/*, Previews.Arn/*',
    'Allow s3:GetObject: Originals.Arn/*, Previews.Arn/*',
    'Allow s3:ListBucket: Originals.Arn, Previews.Arn',
    'Allow s3:PutObject: Originals.Arn/*, Previews.Arn/*',
  ])
})

describe('uploads', () => {
  it('are sent by browsers to the presigned URL', () => {
    expect(properties('AWS::S3::Bucket', 'Originals').CorsConfiguration.CorsRules).toEqual([
      { AllowedOrigins: ['*'], AllowedMethods: ['PUT'], AllowedHeaders: ['*'], MaxAge: 86_400 },
    ])
  })

  it('are announced to the service by EventBridge if it has a secret, which is not in the template', () => {
    expect(template.findResources('AWS::Events::Rule')).toEqual({})
    const origin = { domain: 'api.acme.test', protocol: 'https', eventsSecret: 'afterimage/events' }
    const told = Template.fromStack(createStack(newApp(), origin))
    const only = (type: string) => Object.values(told.findResources(type))[0]?.Properties
    const originals = Object.entries(told.findResources('AWS::S3::Bucket')).find(([name]) => /^Originals/.test(name))
    expect(originals?.[1].Properties.NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    })
    expect(only('AWS::Events::Rule').EventPattern).toMatchObject({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { object: { key: [{ prefix: 'uploads/' }] } },
    })
    expect(only('AWS::Events::ApiDestination')).toMatchObject({
      HttpMethod: 'POST',
      InvocationEndpoint: 'https://api.acme.test/events/s3',
    })
    expect(only('AWS::Events::Connection').AuthParameters.ApiKeyAuthParameters).toEqual({
      ApiKeyName: 'Authorization',
      ApiKeyValue: expect.stringContaining('{{resolve:secretsmanager:afterimage/events'),
    })
    expect(() => createStack(newApp(), { ...origin, protocol: 'http' })).toThrow(/needs originProtocol=https/)
    expect(() => createStack(newApp(), { ...origin, eventsSecret: 'a b' })).toThrow(/name a secret/)
  })
})

describe('the outputs', () => {
  it('are the environment of the service, one by one and to paste', () => {
    const { Environment, ServicePolicyArn, ...others } = template.findOutputs('*')
    expect(print(ServicePolicyArn?.Value)).toMatch(/^ServicePolicy/)
    const variables = Object.values(others).map(({ Description, Value }) => [Description, print(Value)])
    for (const [name] of variables) expect(VARIABLES.map((variable) => variable.name)).toContain(name)

    const [comment, ...lines] = print(Environment?.Value).split('\n')
    expect(comment).toMatch(/^# /)
    expect(lines).toEqual(variables.map(([name, value]) => `${name}=${value}`))

    const inAws: Record<string, string> = {
      Originals: 'afterimage-originals-1x2y',
      Previews: 'afterimage-previews-3z4w',
      Distribution: 'E2QWRUHAPOMQZL',
      'AWS::Region': 'eu-central-1',
      'https://Distribution.DomainName': 'https://d111111abcdef8.cloudfront.net',
    }
    const config = loadConfig(Object.fromEntries(variables.map(([name, value]) => [name, inAws[value]])))
    expect(config).toMatchObject({
      buckets: { provider: 's3', originals: 'afterimage-originals-1x2y', previews: 'afterimage-previews-3z4w' },
      aws: { region: 'eu-central-1' },
      distributionId: 'E2QWRUHAPOMQZL',
      publicImageUrl: 'https://d111111abcdef8.cloudfront.net',
    })
  })

  it('need no bootstrapped account: nothing to upload, no parameter, and CloudFormation takes the template inline', () => {
    expect(Object.keys(JSON.parse(text)).sort()).toEqual(['Description', 'Outputs', 'Resources'])
    expect(text.length).toBeLessThan(50 * 1024)
  })
})

describe('the origin', () => {
  it('has no default: the app reports in one sentence what is missing', async () => {
    const refused = run(process.execPath, ['app.ts'], { cwd: INFRA, env: nowhere(directory) })
    await expect(refused).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'originDomain is missing: say where the service answers, with -c originDomain=api.example.com.\n',
    })
  })

  it.each([
    ['https://api.acme.test', 'https', /originDomain is "https:\/\/api.acme.test", which is not a host name/],
    ['api.acme.test/images', 'https', /not a host name/],
    ['localhost', 'https', /not a host name/],
    ['10.0.0.1', 'https', /not a host name/],
    ['', 'https', /not a host name/],
    ['api.acme.test', 'ftp', /originProtocol is "ftp": it must be https or http/],
  ])('is not "%s" over %s', (domain, protocol, sentence) => {
    expect(() => createStack(newApp(), { domain, protocol })).toThrow(sentence)
  })

  it('may use plain HTTP if configured', async () => {
    const output = path.join(directory, 'http')
    const context = JSON.stringify({ originDomain: 'api.acme.test', originProtocol: 'http' })
    const env = { ...nowhere(directory), CDK_CONTEXT_JSON: context, CDK_OUTDIR: output }
    await run(process.execPath, ['app.ts'], { cwd: INFRA, env })
    expect(await readFile(path.join(output, 'Afterimage.template.json'), 'utf8')).toBe(
      text.replace('"OriginProtocolPolicy": "https-only"', '"OriginProtocolPolicy": "http-only"'),
    )
  })
})
