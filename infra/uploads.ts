import { SecretValue, type Stack } from 'aws-cdk-lib'
import { ApiDestination, Authorization, Connection, HttpMethod, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events'
import { ApiDestination as ApiDestinationTarget } from 'aws-cdk-lib/aws-events-targets'
import { type Bucket, CfnBucket, type CorsRule, HttpMethods } from 'aws-cdk-lib/aws-s3'
import { AppError } from '../src/core/errors.ts'

/** A browser sends an archive to the presigned URL, which authorises it. */
export const UPLOAD_CORS: CorsRule = {
  allowedOrigins: ['*'],
  allowedMethods: [HttpMethods.PUT],
  allowedHeaders: ['*'],
  maxAge: 86_400,
}

/**
 * Has EventBridge notify the service of archives that arrive in the bucket, with retries for a day.
 * @param options.secret name of a secret in Secrets Manager that holds `Bearer TOKEN`: it is not in the template
 * @throws AppError CONFIG if EventBridge cannot reach the service
 */
export function announceUploads(
  stack: Stack,
  options: { originals: Bucket; domain: string; protocol: string; secret: unknown },
): void {
  const { originals, domain, protocol, secret } = options
  if (typeof secret !== 'string' || !/^[\w/+=.@-]{1,512}$/.test(secret))
    throw new AppError('CONFIG', `eventsSecret is ${JSON.stringify(secret)}: name a secret that holds "Bearer TOKEN".`)
  if (protocol !== 'https')
    throw new AppError('CONFIG', 'eventsSecret needs originProtocol=https: EventBridge calls nothing else.')
  // Set here because the construct's own option adds a Lambda function.
  const bucket = originals.node.defaultChild
  if (!(bucket instanceof CfnBucket)) throw new Error('a bucket without its resource')
  bucket.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } }
  const connection = new Connection(stack, 'EventsConnection', {
    authorization: Authorization.apiKey('Authorization', SecretValue.secretsManager(secret)),
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
      detail: { bucket: { name: [originals.bucketName] }, object: { key: [{ prefix: 'uploads/' }] } },
    },
    targets: [new ApiDestinationTarget(destination, { event: RuleTargetInput.fromEventPath('$') })],
  })
}
