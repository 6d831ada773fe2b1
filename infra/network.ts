import { RemovalPolicy, type Stack, Validations } from 'aws-cdk-lib'
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'

/** Port of the API within the network. */
export const API_PORT = 4000
export const POSTGRES_PORT = 5432
/** The load balancer is in it: its header with the client's address is trusted. */
export const NETWORK = '10.0.0.0/16'

export interface Network {
  readonly vpc: Vpc
  readonly ofBalancer: SecurityGroup
  readonly ofService: SecurityGroup
  readonly ofDatabase: SecurityGroup
}

/** Two zones: the load balancer is public, the service reaches the internet through a gateway of its zone, the database nothing. */
export function createNetwork(stack: Stack): Network {
  const vpc = new Vpc(stack, 'Vpc', {
    ipAddresses: IpAddresses.cidr(NETWORK),
    maxAzs: 2,
    natGateways: 2,
    // The construct would empty the default security group with a Lambda function; nothing here uses that group.
    restrictDefaultSecurityGroup: false,
    subnetConfiguration: [
      { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      { name: 'Service', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
      { name: 'Database', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
    ],
    // Pictures do not pass the gateways, which would charge for each byte.
    gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
  })
  const logGroup = new LogGroup(stack, 'FlowLogs', {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  vpc.addFlowLog('FlowLog', { destination: FlowLogDestination.toCloudWatchLogs(logGroup) })

  const group = (id: string, description: string, allowAllOutbound: boolean) =>
    new SecurityGroup(stack, id, { vpc, description, allowAllOutbound })
  const ofBalancer = group('BalancerGroup', 'The load balancer', false)
  const ofService = group('ServiceGroup', 'API and workers', true)
  const ofDatabase = group('DatabaseGroup', 'Postgres', false)
  ofBalancer.addIngressRule(Peer.anyIpv4(), Port.tcp(443), 'Clients')
  ofBalancer.addIngressRule(Peer.anyIpv4(), Port.tcp(80), 'Clients, which are redirected to https')
  ofBalancer.addEgressRule(ofService, Port.tcp(API_PORT), 'To the API')
  ofService.addIngressRule(ofBalancer, Port.tcp(API_PORT), 'From the load balancer')
  ofDatabase.addIngressRule(ofService, Port.tcp(POSTGRES_PORT), 'From the service')
  Validations.of(ofBalancer).acknowledge({
    id: 'AwsSolutions-EC23',
    reason: 'It is the public address of the API; requests for pictures need the secret of the CDN.',
  })
  return { vpc, ofBalancer, ofService, ofDatabase }
}
