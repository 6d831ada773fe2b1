import { onOrOff, pattern, privateKey, type Read, secrets, token, url } from './values.ts'

/** The environment variables for S3 and CloudFront: a part of variables.ts. */
export const AWS_VARIABLES = [
  {
    name: 'S3_FORCE_PATH_STYLE',
    default: 'off',
    meaning: '`on` or `true`: the bucket is in the path, not in the host name, as most S3-compatible stores require.',
  },
  { name: 'AWS_ENDPOINT_URL_S3', default: 'AWS', meaning: 'Address of an S3-compatible store.' },
  { name: 'AWS_REGION', default: 'us-east-1', meaning: 'Region of the buckets.' },
  {
    name: 'AWS_ACCESS_KEY_ID',
    default: "the host's role or profile",
    meaning: 'Credentials; needs `AWS_SECRET_ACCESS_KEY`.',
  },
  { name: 'AWS_SECRET_ACCESS_KEY', default: "the host's role or profile", meaning: 'Goes with `AWS_ACCESS_KEY_ID`.' },
  { name: 'AWS_SESSION_TOKEN', default: 'none', meaning: 'Only for temporary credentials.' },
  {
    name: 'CLOUDFRONT_DISTRIBUTION_ID',
    default: 'none',
    meaning: 'CloudFront distribution that take-downs invalidate and `npm run doctor` checks.',
  },
  {
    name: 'CDN_KEY_PAIR_ID',
    default: 'none',
    meaning:
      'Id of the public key in the key group of a CDN that requires signed URLs for PRIVATE pictures; needs `CDN_PRIVATE_KEY`.',
  },
  {
    name: 'CDN_PRIVATE_KEY',
    default: 'none',
    meaning: 'Its private key in PEM, with `\\n` for line breaks; the same in all processes.',
  },
  {
    name: 'ORIGIN_SECRET',
    default: 'none',
    meaning:
      'Requests for pictures need it in the header `X-Origin-Secret`, which the CDN adds: nobody goes around the CDN. To replace it, set `NEW,OLD` until the CDN sends the new one.',
  },
  {
    name: 'EVENTS_TOKEN',
    default: 'none',
    meaning:
      "Bearer token with which EventBridge, or another store's notifications, may announce uploads at `/events/s3`, and do nothing else.",
  },
  {
    name: 'CLOUDWATCH_STAGE',
    default: 'none',
    meaning:
      'An API writes the age and number of waiting jobs, live workers and the oldest open take-down to stdout once a minute, in the embedded metric format of CloudWatch; this is the value of their dimension `Stage`.',
  },
  { name: 'AWS_ENDPOINT_URL_CLOUDFRONT', default: 'AWS', meaning: 'Address of a server with the CloudFront API.' },
] as const

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

/** From the environment. */
export function readAwsConfig(read: Read<typeof AWS_VARIABLES>): AwsConfig {
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
export function readCdnSigningKey(read: Read<typeof AWS_VARIABLES>): CdnSigningKey | null {
  const id = pattern(/^[A-Z0-9]{1,64}$/, 'the id of a public key like K2JCJMDEHXQW5F')
  const keyPairId = read<string | null>('CDN_KEY_PAIR_ID', null, id)
  const pem = read<string | null>('CDN_PRIVATE_KEY', null, privateKey)
  return keyPairId && pem ? { keyPairId, privateKey: pem } : null
}
