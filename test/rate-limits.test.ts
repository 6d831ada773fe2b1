import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { ADMIN } from '../src/access/caller.ts'
import { createToken } from '../src/access/tokens.ts'
import { openConcurrencyLimit } from '../src/limits/concurrency-limit.ts'
import { networkOf } from '../src/limits/network.ts'
import { openRateLimit, rateLimitHeaders } from '../src/limits/rate-limit.ts'
import { ADMIN_TOKEN, importDrawings, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

describe('a token bucket', () => {
  const open = (quota: number) => {
    let now = 0
    const limit = openRateLimit({ name: 'r', what: 'requests', quota, windowS: 60 }, { now: () => now })
    return { limit, pass: (ms: number) => (now += ms) }
  }

  it('gives the whole quota at once, then evenly over the window', () => {
    const { limit, pass } = open(6)
    const granted = Array.from({ length: 8 }, () => limit.take('a').retryAfterS)
    expect(granted).toEqual([0, 0, 0, 0, 0, 0, 10, 10])
    expect(limit.take('b')).toEqual({ remaining: 5, resetS: 10, retryAfterS: 0 })
    pass(9999)
    expect(limit.take('a').retryAfterS).toBe(1)
    pass(1)
    expect(limit.take('a')).toEqual({ remaining: 0, resetS: 60, retryAfterS: 0 })
    pass(120_000)
    expect(limit.take('a')).toEqual({ remaining: 5, resetS: 10, retryAfterS: 0 })
  })

  it('grants the whole quota at any time', () => {
    let now = 0.1
    const limit = openRateLimit({ name: 'r', what: 'requests', quota: 1, windowS: 60 }, { now: () => now })
    for (let client = 0; client < 1000; client++) {
      now = now * 1.01 + 0.1
      expect([now, limit.take(String(client)).retryAfterS]).toEqual([now, 0])
    }
  })

  it('takes costs, of which none is larger than the quota; nothing is granted of nothing, anything without a limit', () => {
    const { limit } = open(100)
    expect(limit.take('a', 70).remaining).toBe(30)
    expect(limit.take('a', 40)).toEqual({ remaining: 30, resetS: 42, retryAfterS: 6 })
    expect(limit.take('b', 1e9)).toEqual({ remaining: 0, resetS: 60, retryAfterS: 0 })
    expect(open(0).limit.take('a')).toEqual({ remaining: 0, resetS: 0, retryAfterS: 60 })
    const unlimited = open(Number.POSITIVE_INFINITY).limit
    expect(unlimited.take('a', 1e12).retryAfterS).toBe(0)
    expect(rateLimitHeaders([[unlimited.policy, unlimited.take('a')]])).toEqual({})
  })

  it('remembers a bounded number of clients', () => {
    const { limit } = open(1)
    for (let index = 0; index < 100_000; index++) limit.take(`2001:db8:${index.toString(16)}::/64`)
    expect(limit.take('2001:db8:1869f::/64').retryAfterS).toBe(60)
    expect(limit.take('2001:db8:0::/64').retryAfterS).toBe(0)
  })
})

it('places are counted for each client and in all, and given back once', () => {
  const limit = openConcurrencyLimit({ what: 'subscriptions', perClient: 2, total: 3 })
  const [first] = [limit.acquire('a'), limit.acquire('a'), limit.acquire('b')]
  expect(() => limit.acquire('a')).toThrow('Your token or address has 2 subscriptions open, which is the limit')
  expect(() => limit.acquire('c')).toThrow('This server has 3 subscriptions open, which is the limit')
  first?.()
  first?.()
  limit.acquire('c')
  expect(() => limit.acquire('d')).toThrow('This server')
})

it('counts an IPv6 network of 64 bits as one address, and a mapped IPv4 address as itself', () => {
  for (const address of ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201'])
    expect(networkOf(address)).toBe('192.0.2.1')
  for (const address of ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', '2001:db8:1:2::1%eth0'])
    expect(networkOf(address)).toBe('2001:db8:1:2::/64')
  for (const other of ['2001:db8:1:3::1', '2001:db8::1', '::1']) expect(networkOf(other)).not.toBe('2001:db8:1:2::/64')
})

/** Sends a request as a proxy would, to a service that trusts this machine's proxies. */
async function open(env: Record<string, string>, count = 0) {
  const app = await testApp(await testConfig({ TRUSTED_PROXIES: '127.0.0.1', ...env }))
  const { url } = await testServer(app)
  await importDrawings(app, count)
  const from = (address: string, query: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address, ...headers },
      body: JSON.stringify({ query }),
    })
  return { app, url, from }
}

const errorOf = async (response: Response) => {
  const { errors } = (await response.json()) as { errors?: [{ message: string; extensions: { code: string } }] }
  return [response.status, errors?.[0].extensions.code, errors?.[0].message]
}

describe('requests', () => {
  it('of each address and each token have their own quota, and say what is left of it', async () => {
    const { from, url } = await open({ REQUESTS_PER_MINUTE: '3', GRAPHQL_POINTS_PER_MINUTE: '1000' })
    const query = '{ presets { name } }'
    const first = await from('192.0.2.1', query)
    expect([first.headers.get('ratelimit-policy'), first.headers.get('ratelimit')]).toEqual([
      '"requests";q=3;w=60, "points";q=1000;w=60;qu="points"',
      '"requests";r=2;t=20, "points";r=698;t=19',
    ])
    expect(first.headers.get('access-control-expose-headers')).toContain('RateLimit')
    for (const _ of [2, 3]) expect((await from('192.0.2.1', query)).status).toBe(200)
    const refused = await from('192.0.2.1', query)
    expect(refused.headers.get('retry-after')).toMatch(/^(19|20)$/)
    expect(await errorOf(refused)).toEqual([
      429,
      'RATE_LIMITED',
      expect.stringMatching(/^The limit .* 3 requests in 60 s/),
    ])
    const authorization = `Bearer ${ADMIN_TOKEN}`
    expect((await from('192.0.2.1', query, { authorization })).status).toBe(200)
    expect((await from('192.0.2.1', query, { authorization: 'Bearer guessed' })).status).toBe(429)
    for (const host of ['2001:db8::1', '2001:db8::2', '2001:db8::3']) await from(host, query)
    expect((await from('2001:db8::4', query)).status).toBe(429)
    expect((await from('2001:db8:0:1::4', query)).status).toBe(200)
    const plain = await fetch(`${url}/failures.jsonl`, { headers: { 'x-forwarded-for': '192.0.2.1' } })
    expect([plain.status, await plain.text()]).toEqual([429, expect.stringMatching(/^RATE_LIMITED: The limit/)])
    const scrape = (token: string) =>
      fetch(`${url}/metrics`, { headers: { 'x-forwarded-for': '192.0.2.1', authorization: `Bearer ${token}` } })
    expect([(await scrape('guessed')).status, (await scrape(ADMIN_TOKEN)).status]).toEqual([429, 200])
    for (const path of ['/healthz', '/readyz'])
      expect((await fetch(`${url}${path}`, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status).toBe(200)
  })

  it('may cost a number of points in a minute', async () => {
    const { from } = await open({ GRAPHQL_POINTS_PER_MINUTE: '1000' })
    const costly = '{ items(first: 100) { nodes { name slug } } }'
    for (const _ of [1]) expect((await from('192.0.2.1', costly)).status).toBe(200)
    const refused = await from('192.0.2.1', costly)
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await errorOf(refused)).toEqual([429, 'RATE_LIMITED', expect.stringContaining('1000 points of GraphQL')])
    expect((await from('192.0.2.1', '{ presets { name } }')).status).toBe(200)
  })

  it('are counted by the configured header, of a trusted proxy alone', async () => {
    const { url } = await open({ REQUESTS_PER_MINUTE: '1', CLIENT_ADDRESS_HEADER: 'CloudFront-Viewer-Address' })
    const ask = async (headers: Record<string, string>) => (await fetch(`${url}/schema.graphql`, { headers })).status
    expect(await ask({ 'cloudfront-viewer-address': '192.0.2.1:46532' })).toBe(200)
    expect(await ask({ 'cloudfront-viewer-address': '192.0.2.1:46533' })).toBe(429)
    expect(await ask({ 'cloudfront-viewer-address': '2001:db8:0:0:0:0:0:1:443' })).toBe(200)
    expect(await ask({ 'cloudfront-viewer-address': '192.0.2.1:1', 'x-forwarded-for': '198.51.100.7' })).toBe(429)
    const direct = await open({ REQUESTS_PER_MINUTE: '1', TRUSTED_PROXIES: '198.51.100.7' })
    expect((await direct.from('192.0.2.1', '{ __typename }')).status).toBe(200)
    expect((await direct.from('192.0.2.2', '{ __typename }')).status).toBe(429)
  })

  it('of a page of 200 pictures are far below the defaults, and stored pictures are not counted', async () => {
    const { from, app } = await open({ TRUSTED_PROXIES: '127.0.0.1' }, 100)
    const pictures = 'a: image(preset: "thumbnail") { url width height } picture { src srcSet sources { type srcSet } }'
    for (const _ of [1, 2]) {
      const page = await from(
        '192.0.2.1',
        `{ items(first: 100) { nodes { id name ${pictures} } pageInfo { endCursor } } }`,
      )
      const [, left] = /"points";r=(\d+)/.exec(page.headers.get('ratelimit') ?? '') ?? []
      expect([page.status, Number(left)]).toEqual([200, expect.any(Number)])
      expect(Number(left)).toBeGreaterThan(app.config.limits.pointsPerMinute * 0.99)
    }
    expect(app.config.limits.picturesPerMinute).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('subscriptions', () => {
  it('are counted for each client and in all, and a place is free again when one is closed', async () => {
    const { url, app } = await open({ SUBSCRIPTIONS_PER_CLIENT: '2', SUBSCRIPTIONS_MAX: '3' })
    const { id } = await app.prisma.backfill.create({
      data: { mode: 'ALL', status: 'PAUSED', presets: [], formats: [], fingerprint: 'x' },
    })
    const subscription = `subscription { backfillProgress(id: "${btoa(`Backfill:${id}`)}") { status } }`
    const tokens = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        createToken(app, { name, scopes: ['operations:read'], vendor: null, expiresAt: null, by: ADMIN }),
      ),
    )
    const subscribe = (client: 0 | 1 | 2) =>
      new Promise<{ status: number; text: () => Promise<string>; close: () => void }>((resolve, reject) => {
        const authorization = `Bearer ${tokens[client]?.secret}`
        const headers = { 'content-type': 'application/json', accept: 'text/event-stream', authorization }
        const body = JSON.stringify({ query: subscription })
        const sent = request(
          `${url}/graphql`,
          { method: 'POST', headers: { ...headers, 'content-length': body.length } },
          (response) => {
            const text = async () => Buffer.concat(await response.toArray()).toString()
            resolve({ status: response.statusCode ?? 0, text, close: () => void response.destroy() })
          },
        )
        sent.once('error', reject).end(body)
      })
    const [first, second] = [await subscribe(0), await subscribe(0)]
    const third = await subscribe(0)
    expect([first.status, second.status, third.status]).toEqual([200, 200, 429])
    expect(await third.text()).toMatch(/RATE_LIMITED/)
    const other = await subscribe(1)
    const fifth = await subscribe(2)
    expect([other.status, fifth.status, await fifth.text()]).toEqual([200, 429, expect.stringContaining('This server')])
    first.close()
    const again = await until(async () => {
      const tried = await subscribe(0)
      if (tried.status === 200) return tried
      tried.close()
      return null
    })
    for (const { close } of [second, other, again]) close()
  })
})
