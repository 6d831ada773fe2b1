import type { SecretValue, Stack } from 'aws-cdk-lib'
import { ApiDestination, Authorization, Connection, HttpMethod, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events'
import { ApiDestination as ApiDestinationTarget } from 'aws-cdk-lib/aws-events-targets'
import { type Bucket, CfnBucket, type CorsRule, HttpMethods } from 'aws-cdk-lib/aws-s3'

/** Where archives arrive in the originals bucket. */
export const UPLOAD_PREFIX = 'uploads/'

/** A browser sends an archive to the presigned URL, which authorises it. */
export const UPLOAD_CORS: CorsRule = {
  allowedOrigins: ['*'],
  allowedMethods: [HttpMethods.PUT],
  allowedHeaders: ['*'],
  maxAge: 86_400,
}

/**
 * Has EventBridge notify the service of archives that arrive in the bucket, with retries for a day.
 * @param options.authorization the header's value: a reference that CloudFormation resolves, so that it is not in the template
 */
export function announceUploads(
  stack: Stack,
  options: { originals: Bucket; domain: string; authorization: SecretValue },
): void {
  const { originals, domain, authorization } = options
  // Set here because the construct's own option adds a Lambda function.
  const bucket = originals.node.defaultChild
  if (!(bucket instanceof CfnBucket)) throw new Error('a bucket without its resource')
  bucket.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } }
  const connection = new Connection(stack, 'EventsConnection', {
    authorization: Authorization.apiKey('Authorization', authorization),
  })
  const destination = new ApiDestination(stack, 'EventsDestination', {
    connection,
    endpoint: `https://${domain}/events/s3`,
    httpMethod: HttpMethod.POST,
  })
  new Rule(stack, 'ArchiveArrived', {
    eventPattern: {
      source: ['aws.s3'],
      detailType: ['Object Created'],
      detail: { bucket: { name: [originals.bucketName] }, object: { key: [{ prefix: UPLOAD_PREFIX }] } },
    },
    targets: [new ApiDestinationTarget(destination, { event: RuleTargetInput.fromEventPath('$') })],
  })
}
