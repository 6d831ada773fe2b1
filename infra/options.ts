import { AppError } from '../src/core/errors.ts'

/** The address of the service. */
export interface HandlerOrigin {
  readonly domain: string
  readonly protocol: 'https' | 'http'
}

/** The options of the distribution. */
export interface CdnOptions {
  /** Own name, with its certificate in us-east-1; null: that of CloudFront. */
  readonly alias: { readonly domainName: string; readonly certificateArn: string } | null
  readonly webAclArn: string | null
  /** Region of CloudFront's Origin Shield. */
  readonly originShield: string | null
  readonly priceClass: '100' | '200' | 'all'
  /** PEM. */
  readonly publicKey: string | null
  /** Name of the secret in Secrets Manager whose value the distribution sends to the service; null: none, or one of the stack's own. */
  readonly originSecret: string | null
}

/** The service on Fargate. */
export interface FargateOptions {
  /** Of the container. */
  readonly image: string
  /** For the name `originDomain`, in the stack's region. */
  readonly certificateArn: string
  readonly architecture: 'arm64' | 'x64'
  readonly workersMax: number
  /** Gets the alarms. */
  readonly alarmEmail: string | null
  /** Name of the secret with the private key of `cdnPublicKey`. */
  readonly cdnPrivateKeySecret: string | null
}

/** What is deployed: `-c name=value` of the command line, checked. */
export interface Options {
  /** Null: the only one of the account. */
  readonly stage: string | null
  readonly handler: HandlerOrigin
  readonly cdn: CdnOptions
  /** Name of a secret in Secrets Manager; null: uploads are not announced. */
  readonly eventsSecret: string | null
  /** Encrypts with a key of the stack's own. */
  readonly kms: boolean
  /** Gets a copy of every original. */
  readonly replicaBucketArn: string | null
  /** Null: the service runs elsewhere. */
  readonly fargate: FargateOptions | null
}

type Read = (name: string) => unknown

const HOST_NAME = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i
const SECRET_NAME = /^[\w/+=.@-]{1,512}$/
const PUBLIC_KEY = /^-----BEGIN PUBLIC KEY-----\s[\w+/=\s]+-----END PUBLIC KEY-----\s*$/

const refuse = (sentence: string): never => {
  throw new AppError('CONFIG', sentence)
}

/**
 * Reads the options.
 * @param read an option as it was given, undefined if it was not
 * @throws AppError CONFIG with the first that is wrong, and the remedy
 */
export function readOptions(read: Read): Options {
  const text = optional(read)
  const handler = readHandler(read)
  const fargate = readFargate(read)
  const eventsSecret = text('eventsSecret', SECRET_NAME, 'name a secret that holds "Bearer TOKEN"')
  if ((eventsSecret || fargate) && handler.protocol !== 'https')
    refuse(
      `${fargate ? 'service=fargate' : 'eventsSecret'} needs originProtocol=https: EventBridge calls nothing else.`,
    )
  if (eventsSecret && fargate)
    refuse('eventsSecret is for a service elsewhere: with service=fargate the stack makes it.')
  const publicKey = read('cdnPublicKey')
  if (publicKey !== undefined && !(typeof publicKey === 'string' && PUBLIC_KEY.test(publicKey)))
    refuse(
      'cdnPublicKey is not a public key in PEM: give the contents of the file, with -c cdnPublicKey="$(cat public.pem)".',
    )
  if (fargate && publicKey && !fargate.cdnPrivateKeySecret)
    refuse('cdnPublicKey needs cdnPrivateKeySecret with service=fargate: name the secret that holds the private key.')
  const originSecret = text('originSecret', SECRET_NAME, 'name the secret that holds ORIGIN_SECRET')
  if (originSecret && fargate)
    refuse('originSecret is for a service elsewhere: with service=fargate the stack makes it.')
  return {
    stage: readStage(read),
    handler,
    eventsSecret,
    kms: oneOf(read, 'encryption', ['s3', 'kms']) === 'kms',
    replicaBucketArn: text('replicaBucketArn', /^arn:aws[\w-]*:s3:::[a-z0-9.-]{3,63}$/, 'give the ARN of a bucket'),
    fargate,
    cdn: {
      alias: readAlias(read),
      webAclArn: text(
        'webAclArn',
        /^arn:aws[\w-]*:wafv2:us-east-1:\d{12}:global\/webacl\/[\w-]+\/[\w-]+$/,
        'give the ARN of a web ACL with scope CLOUDFRONT, which is in us-east-1',
      ),
      originShield: text('originShield', REGION, 'give a region, such as eu-central-1'),
      priceClass: oneOf(read, 'priceClass', ['all', '200', '100']),
      publicKey: (publicKey as string | undefined) ?? null,
      originSecret,
    },
  }
}

/** The name of the deployment among others in the account. Throws CONFIG if it is unsuitable. */
export const readStage = (read: Read): string | null =>
  optional(read)('stage', /^[a-z][a-z0-9-]{0,19}$/, 'use up to 20 lower-case letters, digits and hyphens, such as test')

const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/

/** An option that may be left out. */
const optional = (read: Read) => (name: string, shape: RegExp, remedy: string) => {
  const value = read(name)
  if (value === undefined) return null
  if (typeof value === 'string' && shape.test(value)) return value
  return refuse(`${name} is ${JSON.stringify(value)}: ${remedy}.`)
}

/** One of a few values; the first is the default. */
function oneOf<const T extends string>(read: Read, name: string, values: readonly [T, ...T[]]): T {
  const given = read(name) ?? values[0]
  return (
    values.find((value) => value === String(given)) ??
    refuse(`${name} is ${JSON.stringify(given)}: it must be ${values.join(' or ')}.`)
  )
}

function readHandler(read: Read): HandlerOrigin {
  const domain = read('originDomain')
  if (typeof domain !== 'string' || !HOST_NAME.test(domain)) {
    const found = domain === undefined ? 'is missing' : `is ${JSON.stringify(domain)}, which is not a host name`
    return refuse(`originDomain ${found}: say where the service answers, with -c originDomain=api.example.com.`)
  }
  return { domain, protocol: oneOf(read, 'originProtocol', ['https', 'http']) }
}

function readAlias(read: Read): CdnOptions['alias'] {
  const text = optional(read)
  const domainName = text('domainName', HOST_NAME, 'give a host name, such as images.example.com')
  const certificateArn = text(
    'certificateArn',
    /^arn:aws[\w-]*:acm:us-east-1:\d{12}:certificate\/[\w-]+$/,
    'give the ARN of a certificate in us-east-1, where CloudFront looks for it',
  )
  if (!domainName && !certificateArn) return null
  if (!domainName || !certificateArn) return refuse('domainName and certificateArn belong together: give both.')
  return { domainName, certificateArn }
}

function readFargate(read: Read): FargateOptions | null {
  const text = optional(read)
  const service = read('service')
  if (service === undefined) return null
  if (service !== 'fargate') refuse(`service is ${JSON.stringify(service)}: it must be fargate, or left out.`)
  const remedy =
    'give the image of the container, with its tag or digest, such as registry.example.com/afterimage:0.1.0'
  const image = text('image', /^[a-z0-9][\w.:/-]*(:[\w.-]+|@sha256:[0-9a-f]{64})$/, remedy)
  const certificateArn = text(
    'originCertificateArn',
    /^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/,
    "give the ARN of a certificate for originDomain in the stack's region",
  )
  if (!image) return refuse(`service=fargate needs image: ${remedy}.`)
  if (!certificateArn) return refuse('service=fargate needs originCertificateArn: the certificate of originDomain.')
  const workersMax = text('workersMax', /^([1-9]\d?|100)$/, 'give a number from 1 to 100')
  return {
    image,
    certificateArn,
    architecture: oneOf(read, 'architecture', ['arm64', 'x64']),
    workersMax: Number(workersMax ?? 10),
    alarmEmail: text('alarmEmail', /^[^@\s]+@[^@\s]+$/, 'give an e-mail address'),
    cdnPrivateKeySecret: text('cdnPrivateKeySecret', SECRET_NAME, 'name the secret that holds CDN_PRIVATE_KEY'),
  }
}

/** The name of a stage's stack: each stage has resources of its own, named after its stack. */
export const stackName = (stage: string | null): string => (stage ? `Afterimage-${stage}` : 'Afterimage')
