import { type App, CfnOutput, Duration, LegacyStackSynthesizer, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { type Distribution, PublicKey } from 'aws-cdk-lib/aws-cloudfront'
import { AnyPrincipal, Effect, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CorsRule,
  HttpMethods,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3'
import { AppError } from '../src/core/errors.ts'
import type { VARIABLES } from '../src/core/variables.ts'
import { PRIVATE_PREFIX } from '../src/core/visibility.ts'
import { createDistribution, type HandlerOrigin } from './distribution.ts'
import { announceUploads, UPLOAD_CORS } from './uploads.ts'

type Environment = Partial<Record<(typeof VARIABLES)[number]['name'], string>>

/**
 * The two buckets, the distribution in front of them, and the policy that the service runs with.
 * @param origin address of the service, as given on the command line; with `eventsSecret` it is notified of uploads; with `cdnPublicKey`, a
 * PEM, CloudFront requires private pictures to be signed with its private key
 * @throws AppError CONFIG that names the option and the remedy
 */
export function createStack(
  app: App,
  origin: { domain: unknown; protocol: unknown; eventsSecret?: unknown; cdnPublicKey?: unknown },
): Stack {
  const handler = readOrigin(origin)
  // Without assets there is nothing to stage, so the account needs no `cdk bootstrap` first: one command is enough.
  const stack = new Stack(app, 'Afterimage', {
    description: 'Buckets and CDN of Afterimage',
    synthesizer: new LegacyStackSynthesizer(),
  })
  const originals = createBucket(stack, 'Originals', [UPLOAD_CORS])
  if (origin.eventsSecret !== undefined) announceUploads(stack, { originals, ...handler, secret: origin.eventsSecret })
  // S3 answers preflights itself, with 403 unless this is set, and 403 does not fail over to the handler.
  const previews = createBucket(stack, 'Previews', [
    {
      allowedOrigins: ['*'],
      allowedMethods: [HttpMethods.GET, HttpMethods.HEAD],
      allowedHeaders: ['*'],
      maxAge: 86_400,
    },
  ])
  keepPublic(previews)
  const publicKey = readPublicKey(stack, origin.cdnPublicKey)
  const distribution = createDistribution(stack, { previews, handler, publicKey })
  const policy = createServicePolicy(stack, { originals, previews, distribution })

  const environment: Environment = {
    ORIGINALS_BUCKET: originals.bucketName,
    PREVIEWS_BUCKET: previews.bucketName,
    AWS_REGION: stack.region,
    CLOUDFRONT_DISTRIBUTION_ID: distribution.distributionId,
    PUBLIC_IMAGE_URL: `https://${distribution.distributionDomainName}`,
    ...(publicKey ? { CDN_KEY_PAIR_ID: publicKey.publicKeyId } : {}),
  }
  for (const [name, value] of Object.entries(environment)) {
    new CfnOutput(stack, outputName(name), { value, description: name })
  }
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  new CfnOutput(stack, 'Environment', {
    value: ['# The environment of the service', ...lines].join('\n'),
    description: 'All of the variables, to paste',
  })
  new CfnOutput(stack, 'ServicePolicyArn', {
    value: policy.managedPolicyArn,
    description: 'Attach it to the role that the service runs as',
  })
  return stack
}

/** CloudFormation's output names have no underscore: ORIGINALS_BUCKET is OriginalsBucket. */
const outputName = (variable: string) =>
  variable.toLowerCase().replace(/(?:^|_)([a-z])/g, (_all, letter: string) => letter.toUpperCase())

function readOrigin({ domain, protocol = 'https' }: { domain: unknown; protocol: unknown }): HandlerOrigin {
  if (
    typeof domain !== 'string' ||
    !/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i.test(domain)
  ) {
    const found = domain === undefined ? 'is missing' : `is ${JSON.stringify(domain)}, which is not a host name`
    throw new AppError(
      'CONFIG',
      `originDomain ${found}: say where the service answers, with -c originDomain=api.example.com.`,
    )
  }
  if (protocol !== 'https' && protocol !== 'http') {
    throw new AppError('CONFIG', `originProtocol is ${JSON.stringify(protocol)}: it must be https or http.`)
  }
  return { domain, protocol }
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

function readPublicKey(stack: Stack, pem: unknown): PublicKey | null {
  if (pem === undefined) return null
  if (typeof pem !== 'string' || !/^-----BEGIN PUBLIC KEY-----\s[\w+/=\s]+-----END PUBLIC KEY-----\s*$/.test(pem))
    throw new AppError(
      'CONFIG',
      'cdnPublicKey is not a public key in PEM: give the contents of the file, with -c cdnPublicKey="$(cat public.pem)".',
    )
  return new PublicKey(stack, 'PrivatePublicKey', { encodedKey: pem, comment: 'Signs URLs of private pictures' })
}

/** Private, encrypted, only accessible over TLS, and kept when the stack is deleted: its contents took days to make. */
const createBucket = (stack: Stack, id: string, cors?: CorsRule[]) =>
  new Bucket(stack, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN,
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    cors,
  })

/** Exactly the actions that the stores, take-downs and `npm run doctor` call. */
function createServicePolicy(
  stack: Stack,
  { originals, previews, distribution }: { originals: Bucket; previews: Bucket; distribution: Distribution },
): ManagedPolicy {
  return new ManagedPolicy(stack, 'ServicePolicy', {
    description: 'What the Afterimage service may do',
    statements: [
      new PolicyStatement({
        sid: 'Objects',
        actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        resources: [originals.arnForObjects('*'), previews.arnForObjects('*')],
      }),
      // Without ListBucket a missing object is 403, and the store could not distinguish it from a wrong policy.
      new PolicyStatement({
        sid: 'Buckets',
        actions: ['s3:ListBucket'],
        resources: [originals.bucketArn, previews.bucketArn],
      }),
      new PolicyStatement({
        sid: 'Distribution',
        actions: ['cloudfront:CreateInvalidation', 'cloudfront:GetDistributionConfig'],
        resources: [distribution.distributionArn],
      }),
    ],
  })
}
