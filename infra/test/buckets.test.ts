import { describe, expect, it } from 'vitest'
import { printUploadKey } from '../../src/core/variant.ts'
import { UPLOAD_PREFIX } from '../uploads.ts'
import { openSynth, print } from './synth.ts'

const open = openSynth()
const storage = open.storage()
const THIS_DISTRIBUTION = 'arn:AWS::Partition:cloudfront::AWS::AccountId:distribution/Distribution'
const BUCKETS = ['Originals', 'Previews']

it.each(BUCKETS)('the bucket %s is private, encrypted, accessible over TLS only, and outlives the stack', (id) => {
  const [, bucket] =
    Object.entries(storage.template.findResources('AWS::S3::Bucket')).find(([name]) => name.startsWith(id)) ?? []
  expect(bucket).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
  const all = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true }
  expect(bucket?.Properties).toMatchObject({
    PublicAccessBlockConfiguration: all,
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    LifecycleConfiguration: {
      Rules: expect.arrayContaining([
        expect.objectContaining({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }),
      ]),
    },
  })
  const [deny] = storage.statements('AWS::S3::BucketPolicy', id)
  expect(deny).toMatchObject({ Effect: 'Deny', Action: 's3:*', Principal: { AWS: '*' } })
  expect(deny.Condition).toEqual({ Bool: { 'aws:SecureTransport': 'false' } })
  expect(deny.Resource.map(print)).toEqual([`${id}.Arn`, `${id}.Arn/*`])
})

it('the service has exactly the permissions that it needs, on these buckets and this distribution', () => {
  const granted: string[] = storage
    .statements('AWS::IAM::ManagedPolicy')
    .flatMap(({ Effect, Action, Resource }: Record<string, string>) =>
      [Action].flat().map((action) => `${Effect} ${action}: ${[Resource].flat().map(print).join(', ')}`),
    )
  expect(granted.sort()).toEqual([
    `Allow cloudfront:CreateInvalidation: ${THIS_DISTRIBUTION}`,
    'Allow cloudfront:GetCachePolicyConfig: arn:AWS::Partition:cloudfront::AWS::AccountId:cache-policy/CachePolicy26D8A535',
    `Allow cloudfront:GetDistributionConfig: ${THIS_DISTRIBUTION}`,
    'Allow s3:DeleteObject: Originals.Arn/*, Previews.Arn/*',
    'Allow s3:GetObject: Originals.Arn/*, Previews.Arn/*',
    'Allow s3:ListBucket: Originals.Arn, Previews.Arn',
    'Allow s3:PutObject: Originals.Arn/*, Previews.Arn/*',
  ])
})

describe('originals', () => {
  it('that were replaced or deleted can be brought back for 30 days, archives for one', () => {
    const { VersioningConfiguration, LifecycleConfiguration } = storage.properties('AWS::S3::Bucket', 'Originals')
    expect(VersioningConfiguration).toEqual({ Status: 'Enabled' })
    expect(LifecycleConfiguration.Rules).toMatchObject([
      { NoncurrentVersionExpiration: { NoncurrentDays: 30 }, ExpiredObjectDeleteMarker: true, Status: 'Enabled' },
      { NoncurrentVersionExpiration: { NoncurrentDays: 1 }, Prefix: UPLOAD_PREFIX, Status: 'Enabled' },
    ])
    expect(printUploadKey(1).startsWith(UPLOAD_PREFIX)).toBe(true)
    expect(storage.properties('AWS::S3::Bucket', 'Previews').VersioningConfiguration).toBeUndefined()
  })

  it('are copied to another bucket if one is named', () => {
    const copied = open.storage({ replicaBucketArn: 'arn:aws:s3:::acme-originals-copy' })
    expect(copied.properties('AWS::S3::Bucket', 'Originals').ReplicationConfiguration.Rules).toMatchObject([
      { Destination: { Bucket: 'arn:aws:s3:::acme-originals-copy' }, Status: 'Enabled' },
    ])
    expect(() => open.storage({ replicaBucketArn: 'acme-originals-copy' })).toThrow(/give the ARN of a bucket/)
  })
})

it('with encryption=kms, everything is encrypted with a key of the stack, which the service and the distribution may use', () => {
  const encrypted = open.storage({ encryption: 'kms' })
  const [[keyId] = []] = encrypted.all('AWS::KMS::Key')
  for (const id of BUCKETS) {
    const { BucketEncryption } = encrypted.properties('AWS::S3::Bucket', id)
    expect(BucketEncryption.ServerSideEncryptionConfiguration).toEqual([
      {
        BucketKeyEnabled: true,
        ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: { 'Fn::GetAtt': [keyId, 'Arn'] } },
      },
    ])
  }
  const { EnableKeyRotation, KeyPolicy } = encrypted.properties('AWS::KMS::Key')
  expect(EnableKeyRotation).toBe(true)
  expect(KeyPolicy.Statement).toContainEqual(
    expect.objectContaining({ Action: 'kms:Decrypt', Principal: { Service: 'cloudfront.amazonaws.com' } }),
  )
  expect(encrypted.statements('AWS::IAM::ManagedPolicy')).toContainEqual(
    expect.objectContaining({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'] }),
  )
  expect(() => open.storage({ encryption: 'none' })).toThrow('encryption is "none": it must be s3 or kms.')
})

describe('uploads', () => {
  it('are sent by browsers to the presigned URL', () => {
    expect(storage.properties('AWS::S3::Bucket', 'Originals').CorsConfiguration.CorsRules).toEqual([
      { AllowedOrigins: ['*'], AllowedMethods: ['PUT'], AllowedHeaders: ['*'], MaxAge: 86_400 },
    ])
  })

  it('are announced to the service by EventBridge if it has a secret, which is not in the template', () => {
    expect(storage.template.findResources('AWS::Events::Rule')).toEqual({})
    const told = open.storage({ eventsSecret: 'afterimage/events' }).template
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
    const http = { eventsSecret: 'afterimage/events', originProtocol: 'http' }
    expect(() => open.storage(http)).toThrow(/needs originProtocol=https/)
    expect(() => open.storage({ eventsSecret: 'a b' })).toThrow(/name a secret/)
  })
})
