import { type App, Stack } from 'aws-cdk-lib'
import { CfnDelivery, CfnDeliveryDestination, CfnDeliverySource } from 'aws-cdk-lib/aws-logs'
import { AppError } from '../src/core/errors.ts'
import { createLogBucket } from './buckets.ts'

/** What tells where a request was answered from; neither addresses of viewers nor cookies. */
const FIELDS = [
  'timestamp(ms)',
  'x-edge-location',
  'cs-method',
  'cs-uri-stem',
  'sc-status',
  'sc-bytes',
  'time-taken',
  'x-edge-result-type',
  'x-edge-detailed-result-type',
  'x-edge-request-id',
  'cs-protocol',
  'ssl-protocol',
  'cs-protocol-version',
  'sc-content-type',
]

/**
 * Access logs (v2) of a distribution, as Parquet in a bucket of their own. A stack apart: CloudFront's logs are configured in us-east-1,
 * wherever the rest is.
 * @param distributionId as given on the command line
 * @throws AppError CONFIG if it is no id
 */
export function createAccessLogs(app: App, { distributionId, id }: { distributionId: unknown; id: string }): Stack {
  if (typeof distributionId !== 'string' || !/^E[A-Z0-9]{5,31}$/.test(distributionId))
    throw new AppError(
      'CONFIG',
      `accessLogsOf is ${JSON.stringify(distributionId)}: give the stack's output CloudfrontDistributionId.`,
    )
  const stack = new Stack(app, id, { description: 'Access logs of Afterimage', env: { region: 'us-east-1' } })
  const bucket = createLogBucket(stack, 'AccessLogs', {
    service: 'delivery.logs.amazonaws.com',
    keys: '*',
    sourceArn: stack
      .formatArn({ service: 'logs', resource: 'delivery-source', resourceName: '*' })
      .replace('delivery-source/', 'delivery-source:'),
  })
  const name = `${id}-${distributionId}`
  const source = new CfnDeliverySource(stack, 'Source', {
    name,
    logType: 'ACCESS_LOGS',
    resourceArn: stack.formatArn({
      service: 'cloudfront',
      region: '',
      resource: 'distribution',
      resourceName: distributionId,
    }),
  })
  const destination = new CfnDeliveryDestination(stack, 'Destination', {
    name,
    destinationResourceArn: bucket.bucketArn,
    outputFormat: 'parquet',
  })
  const delivery = new CfnDelivery(stack, 'Delivery', {
    deliverySourceName: source.name,
    deliveryDestinationArn: destination.attrArn,
    recordFields: FIELDS,
    s3SuffixPath: '/{yyyy}/{MM}/{dd}/{HH}',
  })
  delivery.addResourceDependency(source)
  if (bucket.policy) delivery.node.addDependency(bucket.policy)
  return stack
}
