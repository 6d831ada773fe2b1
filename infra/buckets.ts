import { Annotations, Duration, RemovalPolicy, type Stack, Validations } from 'aws-cdk-lib'
import { AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  CfnBucket,
  HttpMethods,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3'
import { PRIVATE_PREFIX } from '../src/core/visibility.ts'
import type { Options } from './options.ts'
import { UPLOAD_CORS, UPLOAD_PREFIX } from './uploads.ts'

export interface Buckets {
  readonly originals: Bucket
  readonly previews: Bucket
  /** Of both; null: S3's own keys. */
  readonly key: Key | null
}

/** How long an original that was replaced or deleted can be brought back. */
const OLD_VERSIONS = Duration.days(30)
/** Archives are deleted when they have been ingested. */
const OLD_ARCHIVES = Duration.days(1)
const UNFINISHED = { abortIncompleteMultipartUploadAfter: Duration.days(1) }

/** S3 answers preflights itself, with 403 unless this is set, and 403 does not fail over to the handler. */
const PREVIEW_CORS = {
  allowedOrigins: ['*'],
  allowedMethods: [HttpMethods.GET, HttpMethods.HEAD],
  allowedHeaders: ['*'],
  maxAge: 86_400,
}

/** The originals, with their old versions, and the previews, which can be made again. */
export function createBuckets(stack: Stack, { kms, replicaBucketArn }: Options): Buckets {
  const key = kms ? createKey(stack) : null
  const originals = createBucket(stack, 'Originals', {
    key,
    versioned: true,
    cors: [UPLOAD_CORS],
    lifecycleRules: [
      { ...UNFINISHED, noncurrentVersionExpiration: OLD_VERSIONS, expiredObjectDeleteMarker: true },
      { prefix: UPLOAD_PREFIX, noncurrentVersionExpiration: OLD_ARCHIVES },
    ],
    ...(replicaBucketArn
      ? { replicationRules: [{ destination: Bucket.fromBucketArn(stack, 'Replica', replicaBucketArn), priority: 0 }] }
      : {}),
  })
  if (replicaBucketArn)
    Validations.of(originals).acknowledge(
      ...[everyObjectOf(originals), `Resource::${replicaBucketArn}/*`].map((finding) => ({
        id: `AwsSolutions-IAM5[${finding}]`,
        reason: 'Every original is copied: replication reads all objects of one bucket and writes all of another.',
      })),
    )
  const previews = createBucket(stack, 'Previews', { key, cors: [PREVIEW_CORS], lifecycleRules: [UNFINISHED] })
  keepPublic(previews)
  return { originals, previews, key }
}

function createKey(stack: Stack): Key {
  const key = new Key(stack, 'Key', {
    description: 'Originals, previews and the database of Afterimage',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  return key
}

/** Private, encrypted, only accessible over TLS, and kept when the stack is deleted: its contents took days to make. */
function createBucket(stack: Stack, id: string, { key, ...props }: BucketProps & { key: Key | null }): Bucket {
  const bucket = new Bucket(stack, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    ...(key
      ? // Without a bucket key each request for a picture would be one to KMS too.
        { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }
      : { encryption: BucketEncryption.S3_MANAGED }),
    enforceSSL: true,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN,
    ...props,
  })
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'CloudFront logs the requests for pictures, the service its own; server access logs would only repeat them.',
  })
  return bucket
}

/** As cdk-nag names a permission for all objects of a bucket. */
export function everyObjectOf(bucket: Bucket): string {
  const resource = bucket.node.defaultChild
  if (!(resource instanceof CfnBucket)) throw new Error('a bucket without its resource')
  return `Resource::<${bucket.stack.getLogicalId(resource)}.Arn>/*`
}

/** Whatever a program does: the bucket that a CDN reads neither gets nor gives anything private. */
function keepPublic(previews: Bucket): void {
  previews.addToResourcePolicy(
    new PolicyStatement({
      sid: 'NothingPrivate',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['s3:GetObject', 's3:PutObject'],
      resources: [previews.arnForObjects(`${PRIVATE_PREFIX}*`)],
    }),
  )
}

/** Who writes the logs. */
interface LogWriter {
  /** Of AWS, which delivers them. */
  readonly service: string
  /** The keys that it may write. */
  readonly keys: string
  /** What of this account it may deliver for; absent: anything. */
  readonly sourceArn?: string
}

/** A bucket for logs of this account, which are deleted after 90 days. */
export function createLogBucket(stack: Stack, id: string, { service, keys, sourceArn }: LogWriter): Bucket {
  const bucket = new Bucket(stack, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN,
    lifecycleRules: [{ ...UNFINISHED, expiration: Duration.days(90) }],
  })
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason: 'It receives access logs: logging the deliveries into it would never end.',
  })
  bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: 'LogDelivery',
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal(service)],
      actions: ['s3:PutObject'],
      resources: [bucket.arnForObjects(keys)],
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ...(sourceArn ? { ArnLike: { 'aws:SourceArn': sourceArn } } : {}),
      },
    }),
  )
  return bucket
}

/** The wildcard that the construct warns of is needed: the key, the bucket and the distribution refer to each other. */
export const acceptKeyPolicy = (stack: Stack): void =>
  Annotations.of(stack).acknowledgeWarning('@aws-cdk/aws-cloudfront-origins:wildcardKeyPolicyForOac')
