import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { DistributionConfig } from '@aws-sdk/client-cloudfront'
import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { CACHE_TAG_HEADER } from '../src/core/cache-tags.ts'
import { diagnoseDelivery } from '../src/diagnose/delivery.ts'
import { importItems } from '../src/import/import-items.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { openCdn } from './support/cdn.ts'
import { cloudFrontServer } from './support/cloudfront-server.ts'
import { openOrigins } from './support/origins.ts'
import { programEnv } from './support/program-env.ts'
import { testBuckets } from './support/s3.ts'
import { ask, drawing, entry, listen, testApp, testConfig, testServer } from './support/setup.ts'

/** AWS's managed cache policy. */
const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad'
const BUCKETS = { provider: 's3', originals: 'the-originals', previews: 'the-previews' } as const
type Deep<T> = { -readonly [K in keyof T]-?: Deep<NonNullable<T[K]>> }
type Live = Deep<DistributionConfig>

/** As deployed by infra/. */
const rightConfig = (): Live =>
  ({
    CallerReference: 'made',
    Comment: '',
    Enabled: true,
    Aliases: list(['127.0.0.1', '*.cdn.example']),
    Origins: list([
      {
        Id: 'bucket',
        DomainName: `${BUCKETS.previews}.s3.us-east-1.amazonaws.com`,
        OriginPath: '',
        S3OriginConfig: { OriginAccessIdentity: '' },
        OriginAccessControlId: 'OAC',
        ConnectionAttempts: 2,
        ConnectionTimeout: 2,
      },
      {
        Id: 'service',
        DomainName: 'api.example.com',
        OriginPath: '/images',
        CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: 'https-only', OriginReadTimeout: 30 },
      },
    ]),
    OriginGroups: list([
      {
        Id: 'group',
        FailoverCriteria: { StatusCodes: list([404, 500, 502, 503, 504]) },
        Members: list([{ OriginId: 'bucket' }, { OriginId: 'service' }]),
      },
    ]),
    DefaultCacheBehavior: {
      TargetOriginId: 'group',
      ViewerProtocolPolicy: 'redirect-to-https',
      CachePolicyId: '658327ea-f89d-4fab-a63d-7e88639e58f6',
      AllowedMethods: { ...list(['HEAD', 'GET', 'OPTIONS']), CachedMethods: list(['HEAD', 'GET']) },
    },
    CacheBehaviors: list([
      { PathPattern: 'i/????????????.*', TargetOriginId: 'service', CachePolicyId: 'stable' },
      {
        ...{ PathPattern: '_private/*', TargetOriginId: 'service', OriginRequestPolicyId: 'signature' },
        CachePolicyId: CACHING_DISABLED,
      },
    ]),
    CustomErrorResponses: list([
      ...[403, 500, 502, 503, 504].map((ErrorCode) => ({ ErrorCode, ErrorCachingMinTTL: 1 })),
      { ErrorCode: 404, ErrorCachingMinTTL: 0 },
    ]),
    CacheTagConfig: { HeaderName: CACHE_TAG_HEADER },
    ViewerCertificate: { MinimumProtocolVersion: 'TLSv1.2_2021' },
    PriceClass: 'PriceClass_All',
  }) as unknown as Live

const list = <T>(Items: T[]) => ({ Quantity: Items.length, Items })

interface Edge {
  /** The bucket's response for a missing object. */
  missing: number
  failsOver: boolean
  passesHead: boolean
}

/** An edge in front of the service: its bucket lacks every picture. */
async function edgeServer() {
  const edge: Edge = { missing: 404, failsOver: true, passesHead: true }
  let service = ''
  const url = await listen(async ({ method = '', url: key = '' }, response) => {
    if (edge.missing !== 404 || !edge.failsOver || (method === 'HEAD' && !edge.passesHead))
      return void response.writeHead(edge.missing, { 'content-type': 'application/xml' }).end('<Error/>')
    const answer = await fetch(`${service}/images${key}`, { method })
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
  })
  return { edge, url, before: (to: string) => (service = to) }
}

/** A service behind a correctly configured edge and distribution. */
async function open() {
  const cloudFront = await cloudFrontServer(rightConfig())
  const { edge, url: publicUrl, before } = await edgeServer()
  const app = await testApp(await testConfig({ PUBLIC_IMAGE_URL: publicUrl, ...cloudFront.env }))
  const { url } = await testServer(app)
  before(url)
  const config = { ...app.config, buckets: BUCKETS }
  const diagnose = (settings: Partial<typeof config> = {}) =>
    diagnoseDelivery({ ...app, config: { ...config, ...settings } })
  return { app, url, cloudFront, edge, config, diagnose }
}

const asked = (app: App, stored: number, made: number) =>
  app.pg.query(
    `insert into delivery_count (hour, stored, made) values (date_trunc('hour', now()) - interval '2 hours', $1, $2)`,
    [stored, made],
  )

const CHECKS = [
  ...[
    'requests',
    'url-secret',
    'renderer-isolation',
    'distribution',
    'failover',
    'primary-origin',
    'secondary-origin',
    'methods',
    'error-caching',
  ],
  ...[
    'cache-tags',
    'time-outs',
    'cache-key',
    'stable-addresses',
    'private-pictures',
    'image-url',
    'viewer-protocol',
    'tls',
    'price-class',
    'origin-secret',
    'missing-picture',
    'head',
  ],
]

const first = (live: Live) => live.Origins.Items[0] as Live['Origins']['Items'][number]
const second = (live: Live) => live.Origins.Items[1] as Live['Origins']['Items'][number]
const group = (live: Live) => live.OriginGroups.Items[0] as Live['OriginGroups']['Items'][number]
const without = <T>(items: T[], ...unwanted: T[]) => list(items.filter((item) => !unwanted.includes(item)))

type Mistake = [name: string, check: string, status: 'WARNING' | 'ERROR', remedy: RegExp, make: (live: Live) => unknown]
const mistakes: Mistake[] = [
  ['disabled', 'distribution', 'ERROR', /Enable/, (live) => (live.Enabled = false)],
  [
    'no fail-over on 404',
    'failover',
    'ERROR',
    /Add 404 /,
    (live) => (group(live).FailoverCriteria.StatusCodes = without([404, 500, 502, 503, 504], 404)),
  ],
  [
    'no fail-over on 5xx',
    'failover',
    'WARNING',
    /Add 500, 503 /,
    (live) => (group(live).FailoverCriteria.StatusCodes = without([404, 500, 502, 503, 504], 500, 503)),
  ],
  [
    'fail-over on 403',
    'failover',
    'WARNING',
    /s3:ListBucket.*remove 403/,
    (live) => (group(live).FailoverCriteria.StatusCodes = list([403, 404, 500, 502, 503, 504])),
  ],
  [
    'no origin group',
    'failover',
    'ERROR',
    /Make an origin group/,
    (live) => (live.DefaultCacheBehavior.TargetOriginId = 'bucket'),
  ],
  [
    'another bucket',
    'primary-origin',
    'ERROR',
    /the-previews\.s3\.us-east-1\.amazonaws\.com/,
    (live) => (first(live).DomainName = 'other.s3.us-east-1.amazonaws.com'),
  ],
  [
    'a path in the bucket',
    'primary-origin',
    'ERROR',
    /Remove the origin path/,
    (live) => (first(live).OriginPath = '/previews'),
  ],
  [
    'an open bucket',
    'primary-origin',
    'WARNING',
    /origin access control/,
    (live) => (first(live).OriginAccessControlId = ''),
  ],
  [
    'no path to the pictures',
    'secondary-origin',
    'ERROR',
    /origin path to \/images/,
    (live) => (second(live).OriginPath = ''),
  ],
  [
    'two buckets',
    'secondary-origin',
    'ERROR',
    /custom origin with the path \/images/,
    (live) => delete (second(live) as { CustomOriginConfig?: unknown }).CustomOriginConfig,
  ],
  [
    'no OPTIONS',
    'methods',
    'WARNING',
    /GET, HEAD, OPTIONS/,
    (live) => Object.assign(live.DefaultCacheBehavior.AllowedMethods, list(['GET', 'HEAD'])),
  ],
  [
    'errors stick',
    'error-caching',
    'WARNING',
    /0 or 1 for each of 403/,
    (live) => (live.CustomErrorResponses = list([]) as never),
  ],
  [
    'a 404 for a day',
    'error-caching',
    'WARNING',
    /at most 60/,
    (live) => ((live.CustomErrorResponses.Items.at(-1) as { ErrorCachingMinTTL: number }).ErrorCachingMinTTL = 86_400),
  ],
  [
    'an error page',
    'error-caching',
    'ERROR',
    /Remove the response pages/,
    (live) => ((live.CustomErrorResponses.Items.at(-1) as { ResponsePagePath: string }).ResponsePagePath = '/404.html'),
  ],
  [
    'pictures over http',
    'viewer-protocol',
    'WARNING',
    /to redirect-to-https/,
    (live) => (live.DefaultCacheBehavior.ViewerProtocolPolicy = 'allow-all'),
  ],
  [
    'an old TLS',
    'tls',
    'WARNING',
    /TLSv1\.2_2021/,
    (live) => (live.ViewerCertificate.MinimumProtocolVersion = 'TLSv1.1_2016'),
  ],
  [
    'no tags',
    'cache-tags',
    'WARNING',
    /x-amz-meta-cache-tag, then invalidate \/\*/,
    (live) => delete (live as { CacheTagConfig?: unknown }).CacheTagConfig,
  ],
  [
    'other tags',
    'cache-tags',
    'WARNING',
    /x-amz-meta-cache-tag/,
    (live) => (live.CacheTagConfig.HeaderName = 'x-tags'),
  ],
  [
    'a long wait for the bucket',
    'time-outs',
    'WARNING',
    /ConnectionAttempts to 2/,
    (live) => Object.assign(first(live), { ConnectionAttempts: 3, ConnectionTimeout: 10 }),
  ],
  [
    'a short wait for us',
    'time-outs',
    'WARNING',
    /OriginReadTimeout to 30/,
    (live) => (second(live).CustomOriginConfig.OriginReadTimeout = 10),
  ],
  [
    'no caching',
    'cache-key',
    'ERROR',
    /CachingOptimized/,
    (live) => (live.DefaultCacheBehavior.CachePolicyId = CACHING_DISABLED),
  ],
  [
    'query strings',
    'cache-key',
    'WARNING',
    /CachingOptimized/,
    (live) =>
      Object.assign(live.DefaultCacheBehavior, {
        ForwardedValues: { QueryString: true, Cookies: { Forward: 'none' } },
      }),
  ],
  [
    'no query for stable addresses',
    'stable-addresses',
    'WARNING',
    /i\/\?{12}\.\* .*query strings w, h,/,
    (live) => live.CacheBehaviors.Items.shift(),
  ],
  [
    'no origin of their own for private pictures',
    'private-pictures',
    'WARNING',
    /Make a behaviour for _private/,
    (live) => live.CacheBehaviors.Items.pop(),
  ],
  [
    'no signature of private pictures',
    'private-pictures',
    'WARNING',
    /passes the query string on/,
    (live) => Object.assign(live.CacheBehaviors.Items[1] ?? {}, { OriginRequestPolicyId: undefined }),
  ],
  [
    'private pictures that are cached',
    'private-pictures',
    'ERROR',
    /CachingDisabled/,
    (live) => Object.assign(live.CacheBehaviors.Items[1] ?? {}, { CachePolicyId: 'optimised' }),
  ],
  [
    'another name',
    'image-url',
    'ERROR',
    /PUBLIC_IMAGE_URL=https:\/\/other\.example/,
    (live) => (live.Aliases = list(['other.example']) as never),
  ],
  [
    'a secret that this service does not check',
    'origin-secret',
    'WARNING',
    /Set ORIGIN_SECRET to the value of the header x-origin-secret/,
    (live) =>
      Object.assign(second(live), { CustomHeaders: list([{ HeaderName: 'X-Origin-Secret', HeaderValue: 'one' }]) }),
  ],
  [
    'another behaviour for pictures',
    'failover',
    'ERROR',
    /Make an origin group/,
    (live) =>
      (live.CacheBehaviors = list([
        ...live.CacheBehaviors.Items,
        { ...live.DefaultCacheBehavior, PathPattern: '/*/icons/*.webp', TargetOriginId: 'bucket' },
      ]) as never),
  ],
]

describe('the doctor', () => {
  it('finds no problem in a correct configuration, and each mistake with its name and remedy', async () => {
    const { cloudFront, diagnose } = await open()
    const right = await diagnose()
    expect(right.findings.map(({ check, status, remedy }) => [check, status, remedy])).toEqual(
      CHECKS.map((check) => [check, 'OK', null]),
    )
    for (const [name, check, status, remedy, make] of mistakes) {
      const live = rightConfig()
      make(live)
      cloudFront.knobs.config = live as DistributionConfig
      const wrong = (await diagnose()).findings.filter((finding) => finding.status !== 'OK')
      expect([name, wrong]).toEqual([
        name,
        [{ check, status, message: expect.any(String), remedy: expect.stringMatching(remedy) }],
      ])
    }
  })

  it('reads what the cache policy caches, and for how long', async () => {
    const { cloudFront, diagnose } = await open()
    const { knobs } = cloudFront
    const right = knobs.policy
    const check = async (policy: Partial<typeof right>) => {
      knobs.policy = { ...right, ...policy }
      const { status, message, remedy } =
        (await diagnose()).findings.find(({ check: name }) => name === 'cache-key') ?? {}
      return `${status}: ${message} ${remedy}`
    }
    const inKey = (part: object) => ({
      ParametersInCacheKeyAndForwardedToOrigin: { ...right.ParametersInCacheKeyAndForwardedToOrigin, ...part } as never,
    })
    expect(await check({})).toContain(
      'OK: The policy Managed-CachingOptimized caches one copy for each URL, for 1 to 31536000 s',
    )
    expect(await check({ MaxTTL: 3600 })).toMatch(/^WARNING: .*caches pictures for 3600 s at most.*MaxTTL to 31536000/)
    expect(await check({ MinTTL: 60 })).toMatch(/^WARNING: .*at least 60 s, redirects and errors too/)
    const headers = { HeaderBehavior: 'whitelist', Headers: list(['Accept', 'Origin']) }
    expect(await check(inKey({ HeadersConfig: headers }))).toMatch(/^WARNING: .*makes headers \(Accept, Origin\) part/)
    const both = { CookiesConfig: { CookieBehavior: 'all' }, QueryStringsConfig: { QueryStringBehavior: 'all' } }
    expect(await check(inKey(both))).toMatch(/^WARNING: .*makes query strings and cookies part of the cache key/)
    knobs.denied.add('GetCachePolicyConfig')
    expect(await check({})).toMatch(/^WARNING: .*may not be read.*Allow cloudfront:GetCachePolicyConfig/)
  })

  it('requests a picture that was never issued, and explains unexpected responses', async () => {
    const { edge, diagnose, app, config } = await open()
    const wrong = async () =>
      (await diagnose()).findings
        .filter(({ status }) => status !== 'OK')
        .map(({ check, remedy }) => `${check}: ${remedy}`)
    edge.missing = 403
    expect(await wrong()).toEqual([
      expect.stringMatching(/^missing-picture: .*s3:ListBucket on arn:aws:s3:::the-previews/),
      expect.stringMatching(/^head: /),
    ])
    Object.assign(edge, { missing: 404, failsOver: false })
    expect(await wrong()).toEqual([
      expect.stringMatching(/^missing-picture: .*fail over on 404/),
      expect.stringMatching(/^head: /),
    ])
    Object.assign(edge, { failsOver: true, passesHead: false })
    expect(await wrong()).toEqual([expect.stringMatching(/^head: Allow HEAD/)])
    edge.missing = 502
    expect((await wrong())[0]).toMatch(/^missing-picture: .*reaches this service/)
    const nobody = await diagnoseDelivery({ ...app, config: { ...config, publicImageUrl: 'http://127.0.0.1:9' } })
    expect(nobody.findings.find(({ check }) => check === 'missing-picture')).toMatchObject({
      status: 'ERROR',
      message: expect.stringContaining('fails: fetch failed'),
    })
    // None of this made a picture.
    expect([app.pool.stats.renders, await app.prisma.image.count()]).toEqual([0, 0])

    const origins = await openOrigins()
    const cdn = await openCdn({ primary: { url: origins.bucketUrl }, failover: { url: origins.handlerUrl } })
    const real = await diagnoseDelivery({
      ...origins.app,
      config: { ...origins.app.config, publicImageUrl: cdn.urls[0] as string },
    })
    expect(real.findings.slice(-2).map(({ check, status }) => [check, status])).toEqual([
      ['missing-picture', 'OK'],
      ['head', 'OK'],
    ])
  })

  it('checks the settings of the service against the distribution', async () => {
    const { cloudFront, config, diagnose } = await open()
    const find = async (settings: object, check: string) =>
      (await diagnose(settings)).findings.find((finding) => finding.check === check)
    expect(await find({ publicImageUrl: 'http://127.0.0.1.cdn.example' }, 'image-url')).toMatchObject({
      status: 'WARNING',
      message: expect.stringContaining('is http'),
    })
    const aws = { ...config.aws, originSecrets: ['the-secret'] }
    expect(await find({ aws }, 'origin-secret')).toMatchObject({
      status: 'ERROR',
      message: expect.stringContaining('403'),
    })
    expect(await find({ publicImageUrl: null }, 'image-url')).toMatchObject({
      status: 'ERROR',
      remedy: expect.stringContaining('PUBLIC_IMAGE_URL=https://'),
    })
    expect(await find({ buckets: null }, 'primary-origin')).toMatchObject({
      status: 'WARNING',
      remedy: expect.stringContaining('PREVIEWS_BUCKET'),
    })
    const { publicImageUrl } = (await open()).config
    expect(await find({ publicImageUrl: `${publicImageUrl}/pictures` }, 'image-url')).toMatchObject({
      status: 'ERROR',
      message: expect.stringContaining('has a path'),
    })
    cloudFront.knobs.denied.add('GetDistributionConfig')
    expect(await find({}, 'distribution')).toMatchObject({
      status: 'ERROR',
      message: expect.stringContaining('it is not checked'),
      remedy: expect.stringContaining('allow cloudfront:GetDistributionConfig'),
    })
    const { findings } = await diagnose({})
    expect(findings.map(({ check }) => check)).toEqual([
      'requests',
      'url-secret',
      'renderer-isolation',
      'distribution',
      'missing-picture',
      'head',
    ])
  })
})

describe('requests for pictures', () => {
  it('are counted as stored or made, over all processes, and judged by their ratio', async () => {
    const { app, url, diagnose } = await open()
    await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('cup', drawing(1))])
    const key = variantKeyOf(app, await app.prisma.item.findFirstOrThrow(), { preset: 'thumbnail', format: 'WEBP' })
    const get = (init?: RequestInit) => fetch(`${url}/images/${key}`, { redirect: 'manual', ...init })
    const etag = (await get()).headers.get('etag') as string
    // Concurrent requests of other edges are no reason for a warning.
    await get()
    await get({ headers: { 'if-none-match': etag } })
    await app.pg.query(`update image set made_at = now() - interval '1 hour'`)
    await get()
    await get({ method: 'HEAD' })
    await get({ headers: { 'if-none-match': etag } })
    // A lost object is made again.
    await app.stores.previews.delete([key])
    await get()
    await fetch(`${url}/images/${key.replace(/\..{16}\./, '.')}`, { redirect: 'manual' })

    const query = '{ deliveryHealth { storedRequests madeRequests findings { check status message remedy } } }'
    type Answer = { deliveryHealth: { storedRequests: number; madeRequests: number; findings: { check: string }[] } }
    const { data } = await ask<Answer>(url, query)
    expect(data.deliveryHealth).toMatchObject({ storedRequests: 3, madeRequests: 4 })
    expect(data.deliveryHealth.findings[0]).toMatchObject({
      check: 'requests',
      status: 'OK',
      message: expect.stringContaining('too few'),
    })
    expect((await ask(url, query, { token: null })).errors?.[0]?.extensions.code).toBe('FORBIDDEN')

    await app.pg.query(
      `insert into delivery_count values (date_trunc('hour', now()) - interval '25 hours', 1000000, 0)`,
    )
    await asked(app, 10, 1000)
    const judge = async (settings = {}) => (await diagnose(settings)).findings[0]
    expect(await judge()).toMatchObject({ status: 'OK' })
    await app.pg.query(`update delivery_count set stored = 900 where made = 1000`)
    expect(await judge()).toMatchObject({
      status: 'ERROR',
      message: expect.stringMatching(/903 pictures .* primary origin is misconfigured/),
      remedy: expect.stringContaining('primary origin'),
    })
    expect(await judge({ distributionId: null })).toMatchObject({ status: 'WARNING' })
    expect(await judge({ distributionId: null, publicImageUrl: null })).toMatchObject({
      status: 'OK',
      message: expect.stringContaining('without a CDN'),
    })
  })

  it('are written at the end of a process, and deleted after a month', async () => {
    const config = await testConfig()
    const [one, other] = [await testApp(config), await testApp(config)]
    await one.pg.query(`insert into delivery_count values (now() - interval '31 days', 1, 1)`)
    for (const app of [one, other]) app.deliveries.count('stored')
    await other.close()
    await one.deliveries.flush()
    await one.deliveries.flush()
    expect((await one.prisma.deliveryCount.findMany()).map(({ stored, made }) => [stored, made])).toEqual([[2n, 0n]])
  })
})

describe('npm run doctor', () => {
  it('prints each finding, and its exit code follows from them', async () => {
    const { app, cloudFront } = await open()
    const { databaseUrl, dataDir, publicImageUrl } = app.config
    const run = async (env: Record<string, string>, ...options: string[]) => {
      const command = [path.join(import.meta.dirname, '../src/bin/afterimage.ts'), 'doctor', ...options]
      const child = spawn(process.execPath, command, {
        env: { ...programEnv(), DATABASE_URL: databaseUrl ?? '', DATA_DIR: dataDir, ...env },
      })
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
      const [code] = await once(child, 'close')
      return { code, lines: said.trimEnd().split('\n') }
    }
    const buckets = await testBuckets()
    for (const name of [BUCKETS.originals, BUCKETS.previews])
      await fetch(`${buckets.AWS_ENDPOINT_URL_S3}/${name}`, { method: 'PUT' })
    const env = {
      ...cloudFront.env,
      ...buckets,
      LOG_LEVEL: 'error',
      PUBLIC_IMAGE_URL: publicImageUrl ?? '',
      ORIGINALS_BUCKET: BUCKETS.originals,
      PREVIEWS_BUCKET: BUCKETS.previews,
      URL_SECRET: app.urlSecret.value,
    }
    const right = await run(env)
    expect([right.code, right.lines.map((line) => line.split(/\s+/, 2).join(' '))]).toEqual([
      0,
      ['OK stores', ...CHECKS.map((check) => `OK ${check}`)],
    ])
    const lost = await run({ ...env, PREVIEWS_BUCKET: 'no-such-bucket' })
    expect([lost.code, lost.lines[0]]).toEqual([1, expect.stringMatching(/^ERROR {4}stores .*no-such-bucket/)])
    const down = await run({ ...env, DATABASE_URL: 'postgres://a:b@127.0.0.1:9/x' }, '--json')
    expect([down.code, JSON.parse(down.lines.join('\n'))]).toEqual([
      1,
      [
        expect.objectContaining({ check: 'stores', status: 'OK' }),
        expect.objectContaining({
          check: 'database',
          status: 'ERROR',
          message: expect.stringMatching(/^Postgres at 127.0.0.1:9 does not answer/),
        }),
      ],
    ])
    cloudFront.knobs.config = { ...rightConfig(), Enabled: false } as DistributionConfig
    const wrong = await run(env)
    expect([wrong.code, wrong.lines.slice(4, 6)]).toEqual([
      1,
      ['ERROR    distribution       The distribution is disabled.', `${' '.repeat(28)}-> Enable it.`],
    ])
    const alone = await run({})
    expect(alone.code).toBe(0)
    expect(alone.lines[2]).toMatch(/WARNING {2}url-secret.*does not use the URL secret of this command/)
    expect(alone.lines.join('\n')).toMatch(
      /WARNING {2}distribution.*not set.*\n.*set CLOUDFRONT_DISTRIBUTION_ID and allow/,
    )
    expect((await run({ CLOUDFRONT_DISTRIBUTION_ID: 'x y' })).lines[1]).toMatch(
      /CLOUDFRONT_DISTRIBUTION_ID="x y": not a distribution id/,
    )
  })
})
