import { Duration, type Stack } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { SubnetType } from 'aws-cdk-lib/aws-ec2'
import type { FargateService } from 'aws-cdk-lib/aws-ecs'
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  type ApplicationTargetGroup,
  ListenerAction,
  SslPolicy,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2'
import { createLogBucket } from './buckets.ts'
import { API_PORT, type Network } from './network.ts'

/** An API says 503 for DRAIN_SECONDS (15), longer than it takes the checks to fail. */
const CHECK = { interval: Duration.seconds(5), timeout: Duration.seconds(4), unhealthyThresholdCount: 2 }

export interface Balancer {
  readonly balancer: ApplicationLoadBalancer
  readonly targets: ApplicationTargetGroup
}

/** The public address of the API: https with TLS 1.2 or later, to the tasks that are ready. */
export function createBalancer(
  stack: Stack,
  parts: { network: Network; api: FargateService; certificateArn: string },
): Balancer {
  const { network, api, certificateArn } = parts
  const balancer = new ApplicationLoadBalancer(stack, 'Balancer', {
    vpc: network.vpc,
    vpcSubnets: { subnetType: SubnetType.PUBLIC },
    internetFacing: true,
    securityGroup: network.ofBalancer,
    deletionProtection: true,
    dropInvalidHeaderFields: true,
    // Below the 65 s of the service: a request is never sent to a connection that the service is closing.
    idleTimeout: Duration.seconds(60),
  })
  logRequests(stack, balancer)
  balancer.addListener('Redirect', {
    port: 80,
    open: false,
    defaultAction: ListenerAction.redirect({ protocol: 'HTTPS', port: '443', permanent: true }),
  })
  const listener = balancer.addListener('Listener', {
    port: 443,
    open: false,
    protocol: ApplicationProtocol.HTTPS,
    certificates: [Certificate.fromCertificateArn(stack, 'OriginCertificate', certificateArn)],
    sslPolicy: SslPolicy.RECOMMENDED_TLS,
  })
  const targets = listener.addTargets('Api', {
    port: API_PORT,
    protocol: ApplicationProtocol.HTTP,
    targets: [api],
    deregistrationDelay: Duration.seconds(20),
    healthCheck: { path: '/readyz', ...CHECK, healthyThresholdCount: 2 },
  })
  return { balancer, targets }
}

/** The construct's own method needs to know the region. */
function logRequests(stack: Stack, balancer: ApplicationLoadBalancer): void {
  const bucket = createLogBucket(stack, 'BalancerLogs', {
    service: 'logdelivery.elasticloadbalancing.amazonaws.com',
    keys: `AWSLogs/${stack.account}/*`,
  })
  balancer.setAttribute('access_logs.s3.enabled', 'true')
  balancer.setAttribute('access_logs.s3.bucket', bucket.bucketName)
  if (bucket.policy) balancer.node.addDependency(bucket.policy)
}
