import type { IncomingMessage } from 'node:http'
import type { CachePolicyConfig, DistributionConfig } from '@aws-sdk/client-cloudfront'
import { XMLBuilder, XMLParser } from 'fast-xml-parser'
import { listen } from './setup.ts'

const DISTRIBUTION = 'E2TESTDISTRIBUT'

const NAMESPACE = 'http://cloudfront.amazonaws.com/doc/2020-05-31/'
/** Per distribution, in progress: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html */
const PATHS_MAX = 3000
const WILDCARDS_MAX = 15

/** Element names in CloudFront's XML lists, which the SDK's objects do not have. */
const MEMBERS: Record<string, string> = {
  Aliases: 'CNAME',
  Origins: 'Origin',
  OriginGroups: 'OriginGroup',
  StatusCodes: 'StatusCode',
  Members: 'OriginGroupMember',
  AllowedMethods: 'Method',
  CachedMethods: 'Method',
  CacheBehaviors: 'CacheBehavior',
  CustomErrorResponses: 'CustomErrorResponse',
  Paths: 'Path',
  Headers: 'Name',
  CustomHeaders: 'OriginCustomHeader',
}

const OPERATIONS: Record<string, string> = {
  'GET config': 'GetDistributionConfig',
  'POST invalidation': 'CreateInvalidation',
}

export interface Invalidation {
  readonly id: string
  readonly reference: string
  readonly items: readonly string[]
  status: 'InProgress' | 'Completed'
}

/** AWS's own: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html */
const CACHING_OPTIMIZED: CachePolicyConfig = {
  ...{ Name: 'Managed-CachingOptimized', Comment: '', MinTTL: 1, DefaultTTL: 86_400, MaxTTL: 31_536_000 },
  ParametersInCacheKeyAndForwardedToOrigin: {
    EnableAcceptEncodingGzip: true,
    EnableAcceptEncodingBrotli: true,
    HeadersConfig: { HeaderBehavior: 'none' },
    CookiesConfig: { CookieBehavior: 'none' },
    QueryStringsConfig: { QueryStringBehavior: 'none' },
  },
}

/** What a test can set. */
export interface CloudFrontKnobs {
  /** The live configuration, in the shape of the SDK. */
  config: DistributionConfig
  /** The cache policy of every id. */
  policy: CachePolicyConfig
  /** Operations that answer AccessDenied. */
  readonly denied: Set<string>
  /** The number of next requests to throttle. */
  throttled: number
  /** The number of invalidations that succeed before the connection breaks without a response. */
  breaksAfter: number
  /** Called with the items to invalidate. */
  onInvalidation: (items: readonly string[]) => void
}

class Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/**
 * CloudFront's REST XML (2020-05-31) for one distribution, with its limits and its idempotency, over real HTTP. An invalidation stays in
 * progress until the test calls `complete()`.
 */
export async function cloudFrontServer(config: Partial<DistributionConfig> = {}) {
  const knobs: CloudFrontKnobs = {
    config: { CallerReference: 'made', Comment: '', Enabled: true, ...config } as DistributionConfig,
    policy: CACHING_OPTIMIZED,
    denied: new Set(),
    throttled: 0,
    breaksAfter: Number.POSITIVE_INFINITY,
    onInvalidation: () => {},
  }
  const invalidations: Invalidation[] = []
  const requests: string[] = []

  const url = await listen(async (request, response) => {
    try {
      const body = await bodyOf(request)
      const { status, xml, headers } = answer(request, body)
      response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': 'test', ...headers }).end(xml)
    } catch (error) {
      if (!(error instanceof Refusal)) return void request.socket.destroy()
      response.writeHead(error.status, { 'content-type': 'text/xml', 'x-amzn-requestid': 'test' })
      response.end(
        print('ErrorResponse', {
          Error: { Type: 'Sender', Code: error.code, Message: error.message },
          RequestId: 'test',
        }),
      )
    }
  })

  function answer({ method, url = '', headers }: IncomingMessage, body: string) {
    const [, id, rest] = /^\/2020-05-31\/distribution\/([^/]+)\/([^?]*)/.exec(url) ?? []
    const isPolicy = /^\/2020-05-31\/cache-policy\/[\w-]+\/config$/.test(url)
    const operation = isPolicy ? 'GetCachePolicyConfig' : OPERATIONS[`${method} ${rest}`]
    if (!operation) throw new Refusal(404, 'UnknownOperation', `no ${method} ${url}`)
    requests.push(operation)
    if (!/^AWS4-HMAC-SHA256 .*\/cloudfront\/aws4_request/.test(headers.authorization ?? ''))
      throw new Refusal(403, 'MissingAuthenticationToken', 'not signed')
    if (knobs.throttled > 0) {
      knobs.throttled--
      throw new Refusal(400, 'Throttling', 'Rate exceeded')
    }
    if (knobs.denied.has(operation))
      throw new Refusal(403, 'AccessDenied', `User is not authorized to perform: cloudfront:${operation}`)
    if (isPolicy) return { status: 200, xml: print('CachePolicyConfig', withMembers(knobs.policy)), headers: {} }
    if (id !== DISTRIBUTION) throw new Refusal(404, 'NoSuchDistribution', 'The specified distribution does not exist.')
    if (operation === 'GetDistributionConfig')
      return { status: 200, xml: print('DistributionConfig', withMembers(knobs.config)), headers: { etag: 'ETAG1' } }
    const made = createInvalidation(body)
    if (knobs.breaksAfter-- <= 0) throw new Error('the connection breaks')
    const { reference: CallerReference, items, id: Id, status: Status } = made
    const InvalidationBatch = { Paths: { Quantity: items.length, Items: { Path: items } }, CallerReference }
    const xml = print('Invalidation', { Id, Status, CreateTime: '2026-11-23T00:00:00Z', InvalidationBatch })
    return { status: 201, xml, headers: { location: `${url}/${Id}` } }
  }

  function createInvalidation(body: string): Invalidation {
    const { InvalidationBatch: batch } = new XMLParser({
      parseTagValue: false,
      isArray: (name) => name === 'Path',
    }).parse(body)
    const items: string[] = batch?.Paths?.Items?.Path ?? []
    const reference: string = batch?.CallerReference ?? ''
    const invalid = (message: string) => new Refusal(400, 'InvalidArgument', message)
    if (Number(batch?.Paths?.Quantity) !== items.length)
      throw new Refusal(400, 'InconsistentQuantities', 'Quantity and Items do not match.')
    if (!reference || reference.length > 128) throw invalid('Your request contains an invalid CallerReference.')
    if (items.length === 0 || new Set(items).size < items.length) throw invalid('no paths, or one of them twice')
    for (const item of items) {
      const isTag = item.startsWith('#')
      if (isTag && !knobs.config.CacheTagConfig?.HeaderName) throw invalid('The distribution has no CacheTagConfig.')
      if (isTag ? !/^#[!-+\--~]{1,256}$/.test(item) || item.includes('*') : !/^\/[!-~]*$/.test(item))
        throw invalid(`Your request contains an invalid invalidation path: ${item}`)
      if (!isTag && item.slice(0, -1).includes('*')) throw invalid('a wildcard before the end')
    }
    const known = invalidations.find((other) => other.reference === reference)
    if (known && JSON.stringify(known.items) === JSON.stringify(items)) return known
    if (known) throw new Refusal(400, 'InvalidationBatchAlreadyExists', 'Invalidation batch specified already exists.')
    const inProgress = invalidations.filter(({ status }) => status === 'InProgress').flatMap((other) => other.items)
    const all = [...inProgress, ...items]
    const isWildcard = (item: string) => item.endsWith('*')
    if (all.filter(isWildcard).length > WILDCARDS_MAX || all.filter((item) => !isWildcard(item)).length > PATHS_MAX)
      throw new Refusal(
        400,
        'TooManyInvalidationsInProgress',
        'Processing your request will cause you to exceed the maximum number of in-progress invalidations.',
      )
    const made: Invalidation = { id: `I${invalidations.length + 1}`, reference, items, status: 'InProgress' }
    invalidations.push(made)
    knobs.onInvalidation(items)
    return made
  }

  return {
    knobs,
    invalidations,
    /** The names of the requested operations, in order. */
    requests,
    complete: () => {
      for (const invalidation of invalidations) invalidation.status = 'Completed'
    },
    /** The environment that makes a service use it. */
    env: {
      CLOUDFRONT_DISTRIBUTION_ID: DISTRIBUTION,
      AWS_ENDPOINT_URL_CLOUDFRONT: url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

const print = (root: string, value: object) =>
  `<?xml version="1.0"?>\n${new XMLBuilder({ ignoreAttributes: false }).build({ [root]: { '@_xmlns': NAMESPACE, ...value } })}`

/** `{ Quantity, Items: [a, b] }` as `<Quantity/><Items><Name>a</Name><Name>b</Name></Items>`. */
function withMembers(value: object): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => {
      if (typeof part !== 'object' || part === null) return [name, part]
      const inner = withMembers(part) as { Items?: unknown[] }
      if (!Array.isArray((part as { Items?: unknown }).Items)) return [name, inner]
      const items = (part as { Items: unknown[] }).Items.map((item) =>
        typeof item === 'object' && item !== null ? withMembers(item) : item,
      )
      return [name, { ...inner, Items: { [MEMBERS[name] ?? 'member']: items } }]
    }),
  )
}
