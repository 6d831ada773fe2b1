import {
  type App,
  CfnOutput,
  LegacyStackSynthesizer,
  SecretValue,
  Stack,
  type StackProps,
  Validations,
} from 'aws-cdk-lib'
import { type CachePolicy, type Distribution, PublicKey } from 'aws-cdk-lib/aws-cloudfront'
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { acceptKeyPolicy, type Buckets, createBuckets, everyObjectOf } from './buckets.ts'
import { createDistribution } from './distribution.ts'
import type { Environment } from './environment.ts'
import { createService } from './fargate.ts'
import { type Options, stackName } from './options.ts'
import { createSecrets } from './secrets.ts'
import { announceUploads } from './uploads.ts'

/**
 * A stack of the two buckets, the distribution in front of them, and the policy that the service runs with; with `options.fargate` another
 * of the service and its database, which can be changed without touching the first.
 */
export function createStacks(app: App, options: Options): { storage: Stack; service: Stack | null } {
  const { handler, fargate } = options
  const stack = newStack(app, stackName(options.stage), {
    description: 'Buckets and CDN of Afterimage',
    terminationProtection: fargate !== null,
  })
  const buckets = createBuckets(stack, options)
  if (buckets.key) acceptKeyPolicy(stack)
  const secrets = fargate ? createSecrets(stack, fargate) : null
  const authorization = secrets?.eventsAuthorization ?? secretOf(options.eventsSecret)
  if (authorization) announceUploads(stack, { originals: buckets.originals, domain: handler.domain, authorization })
  const publicKey = options.cdn.publicKey
    ? new PublicKey(stack, 'PrivatePublicKey', {
        encodedKey: options.cdn.publicKey,
        comment: 'Signs URLs of private pictures',
      })
    : null
  const originSecret = secrets?.originHeader ?? secretOf(options.cdn.originSecret)
  const distribution = createDistribution(stack, {
    previews: buckets.previews,
    handler,
    publicKey,
    originSecret: originSecret?.unsafeUnwrap() ?? null,
    options: options.cdn,
  })
  const policy = createServicePolicy(stack, { ...buckets, distribution })

  const environment: Environment = {
    ORIGINALS_BUCKET: buckets.originals.bucketName,
    PREVIEWS_BUCKET: buckets.previews.bucketName,
    AWS_REGION: stack.region,
    CLOUDFRONT_DISTRIBUTION_ID: distribution.distributionId,
    PUBLIC_IMAGE_URL: `https://${options.cdn.alias?.domainName ?? distribution.distributionDomainName}`,
    ...(publicKey ? { CDN_KEY_PAIR_ID: publicKey.publicKeyId } : {}),
  }
  printOutputs(stack, environment, policy)
  if (options.cdn.alias)
    new CfnOutput(stack, 'DistributionDomain', {
      value: distribution.distributionDomainName,
      description: `Point ${options.cdn.alias.domainName} to it`,
    })
  if (!fargate || !secrets) return { storage: stack, service: null }
  const service = newStack(app, `${stackName(options.stage)}-Service`, {
    description: 'API, workers and database of Afterimage',
    terminationProtection: true,
    // CloudFormation takes 51,200 bytes without a bucket to upload them to.
    suppressTemplateIndentation: true,
  })
  createService(service, { options, fargate, environment, policy, secrets, key: buckets.key })
  return { storage: stack, service }
}

/** Without assets there is nothing to stage, so the account needs no `cdk bootstrap` first: one command is enough. */
const newStack = (app: App, id: string, props: StackProps) =>
  new Stack(app, id, { ...props, synthesizer: new LegacyStackSynthesizer() })

/** A reference to a secret that exists: the template does not contain its value. */
const secretOf = (name: string | null) => (name ? SecretValue.secretsManager(name) : null)

function printOutputs(stack: Stack, environment: Environment, policy: ManagedPolicy): void {
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
}

/** CloudFormation's output names have no underscore: ORIGINALS_BUCKET is OriginalsBucket. */
const outputName = (variable: string) =>
  variable.toLowerCase().replace(/(?:^|_)([a-z])/g, (_all, letter: string) => letter.toUpperCase())

/** Exactly the actions that the stores, take-downs and `npm run doctor` call. */
function createServicePolicy(
  stack: Stack,
  { originals, previews, key, distribution }: Buckets & { distribution: Distribution },
): ManagedPolicy {
  const policy = new ManagedPolicy(stack, 'ServicePolicy', {
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
      ...(key
        ? [
            new PolicyStatement({
              sid: 'Key',
              actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
              resources: [key.keyArn],
            }),
          ]
        : []),
      new PolicyStatement({
        sid: 'Distribution',
        actions: ['cloudfront:CreateInvalidation', 'cloudfront:GetDistributionConfig'],
        resources: [distribution.distributionArn],
      }),
      new PolicyStatement({
        sid: 'CachePolicy',
        actions: ['cloudfront:GetCachePolicyConfig'],
        resources: [
          stack.formatArn({
            service: 'cloudfront',
            region: '',
            resource: 'cache-policy',
            resourceName: (stack.node.findChild('CachePolicy') as CachePolicy).cachePolicyId,
          }),
        ],
      }),
    ],
  })
  Validations.of(policy).acknowledge(
    ...[originals, previews].map((bucket) => ({
      id: `AwsSolutions-IAM5[${everyObjectOf(bucket)}]`,
      reason:
        'The service keeps all objects of these two buckets: it may read, write and delete each, and nothing else.',
    })),
  )
  return policy
}
