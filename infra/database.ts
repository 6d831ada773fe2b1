import { Duration, RemovalPolicy, type Stack, Validations } from 'aws-cdk-lib'
import { InstanceClass, InstanceSize, InstanceType, SubnetType } from 'aws-cdk-lib/aws-ec2'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import {
  CaCertificate,
  Credentials,
  DatabaseInstance,
  DatabaseInstanceEngine,
  ParameterGroup,
  PostgresEngineVersion,
  StorageType,
} from 'aws-cdk-lib/aws-rds'
import { type Network, POSTGRES_PORT } from './network.ts'

/** Of the database and of its user. */
const NAME = 'afterimage'

export interface Postgres {
  readonly instance: DatabaseInstance
  /** Without the password, which the service gets as PGPASSWORD. */
  readonly url: string
}

/** Postgres with a standby in another zone; any second of the last 14 days can be restored. */
export function createDatabase(stack: Stack, { vpc, ofDatabase }: Network, key: IKey | null): Postgres {
  const engine = DatabaseInstanceEngine.postgres({ version: PostgresEngineVersion.VER_18 })
  const instance = new DatabaseInstance(stack, 'Database', {
    engine,
    instanceType: InstanceType.of(InstanceClass.T4G, InstanceSize.MEDIUM),
    vpc,
    vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
    securityGroups: [ofDatabase],
    multiAz: true,
    databaseName: NAME,
    credentials: Credentials.fromGeneratedSecret(NAME),
    parameterGroup: new ParameterGroup(stack, 'DatabaseParameters', {
      engine,
      description: 'Encrypted connections only',
      parameters: { 'rds.force_ssl': '1' },
    }),
    caCertificate: CaCertificate.RDS_CA_RSA2048_G1,
    allocatedStorage: 50,
    maxAllocatedStorage: 500,
    storageType: StorageType.GP3,
    storageEncrypted: true,
    ...(key ? { storageEncryptionKey: key } : {}),
    backupRetention: Duration.days(14),
    copyTagsToSnapshot: true,
    deleteAutomatedBackups: false,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.SNAPSHOT,
    autoMinorVersionUpgrade: true,
    enablePerformanceInsights: true,
    cloudwatchLogsExports: ['postgresql'],
  })
  Validations.of(instance).acknowledge(
    {
      id: 'AwsSolutions-RDS11',
      reason: 'Only the security group of the service reaches the port: another number would hide nothing.',
    },
    {
      id: 'AwsSolutions-SMG4',
      reason: 'Rotation would need a Lambda function in the network; the password is in no file and no template.',
    },
  )
  const address = `${instance.dbInstanceEndpointAddress}:${POSTGRES_PORT}`
  // As in libpq, `require` encrypts and does not check the certificate: the authority of RDS is not among those of Node.
  return { instance, url: `postgres://${NAME}@${address}/${NAME}?uselibpqcompat=true&sslmode=require` }
}
