import type { AWS_VARIABLES } from './aws-variables.ts'
import { onOrOff, type Problem, pattern, privateKey, secrets, token, url } from './values.ts'

/** Options of the AWS clients, null where AWS's own default applies, and what AWS sends to the service or reads from it. */
export interface AwsConfig {
  readonly region: string
  readonly s3Endpoint: string | null
  readonly s3ForcePathStyle: boolean
  readonly cloudFrontEndpoint: string | null
  /** The CDN sends one of them; null: whoever knows the service's address may request pictures. */
  readonly originSecrets: readonly string[] | null
  /** Only announces uploads. */
  readonly eventsToken: string | null
  /** Null: nothing is published to CloudWatch. */
  readonly cloudWatchStage: string | null
  /** Null: the SDK uses the host's role or profile. */
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  } | null
}

/** A key of a CloudFront key group: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html */
export interface CdnSigningKey {
  readonly keyPairId: string
  /** PEM. */
  readonly privateKey: string
}

type Read = <T>(name: (typeof AWS_VARIABLES)[number]['name'], fallback: T, parse: (text: string) => T | Problem) => T

/** From the environment. */
export function readAwsConfig(read: Read): AwsConfig {
  const accessKeyId = read<string | null>('AWS_ACCESS_KEY_ID', null, token)
  const secretAccessKey = read<string | null>('AWS_SECRET_ACCESS_KEY', null, token)
  const sessionToken = read<string | null>('AWS_SESSION_TOKEN', null, token)
  const address = (example: string) => url(['http:', 'https:'], example)
  return {
    region: read('AWS_REGION', 'us-east-1', pattern(/^[a-z0-9-]{2,32}$/, 'a region like eu-central-1')),
    s3Endpoint: read<string | null>('AWS_ENDPOINT_URL_S3', null, address('https://s3.example.com')),
    s3ForcePathStyle: read('S3_FORCE_PATH_STYLE', false, onOrOff),
    cloudFrontEndpoint: read<string | null>('AWS_ENDPOINT_URL_CLOUDFRONT', null, address('https://cf.example.com')),
    originSecrets: read<string[] | null>('ORIGIN_SECRET', null, secrets),
    eventsToken: read<string | null>('EVENTS_TOKEN', null, token),
    cloudWatchStage: read<string | null>('CLOUDWATCH_STAGE', null, pattern(/^[\w./#:-]{1,100}$/, 'a name')),
    credentials:
      accessKeyId && secretAccessKey
        ? { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
        : null,
  }
}

/** Null unless both variables are set. */
export function readCdnSigningKey(read: Read): CdnSigningKey | null {
  const id = pattern(/^[A-Z0-9]{1,64}$/, 'the id of a public key like K2JCJMDEHXQW5F')
  const keyPairId = read<string | null>('CDN_KEY_PAIR_ID', null, id)
  const pem = read<string | null>('CDN_PRIVATE_KEY', null, privateKey)
  return keyPairId && pem ? { keyPairId, privateKey: pem } : null
}
