import { describe, expect, it } from 'vitest'
import { cacheTagsOf } from '../src/core/cache-tags.ts'
import { IMAGE_FORMATS, parseVariantKey } from '../src/core/variant.ts'
import { takeDown } from '../src/takedown/take-down.ts'
import { type CdnOptions, lastingHeaders, openCdn } from './support/cdn.ts'
import { openOrigins } from './support/origins.ts'
import { listen } from './support/setup.ts'

/** A clock that the test advances. */
const clock = () => {
  let ms = Date.now()
  return { now: () => ms, pass: (seconds: number) => (ms += seconds * 1000) }
}

async function open(options: { drawings?: number } & Partial<CdnOptions> = {}) {
  const { drawings, ...cdnOptions } = options
  const origins = await openOrigins({ drawings })
  const cdn = await openCdn({
    primary: { url: origins.bucketUrl },
    failover: { url: origins.handlerUrl },
    ...cdnOptions,
  })
  const get = (path: string, { edge = 0, ...init }: RequestInit & { edge?: number } = {}) =>
    fetch(`${cdn.urls[edge]}${path}`, { redirect: 'manual', ...init })
  /** The requested origins and their responses: `bucket 404`. */
  const requests = () => cdn.requests.map(({ origin, status }) => `${origin} ${status}`)
  return { ...origins, cdn, get, requests }
}

/** Nobody listens there: port 0 is not a port. */
const NOWHERE = 'http://127.0.0.1:0/bucket'

/** How a response arrived: its status, whether from the edge's cache, and its origin. */
const way = ({ status, headers }: Response) =>
  `${status} ${headers.get('x-cache')?.split(' ')[0]} ${headers.get('x-answered-by')}`

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())

describe('a picture behind the CDN', () => {
  it('comes from the handler first and from the bucket afterwards, identical including headers', async () => {
    const { get, pathOf, requests, renders } = await open({ edges: 2 })
    for (const format of IMAGE_FORMATS) {
      const path = await pathOf(0, 'thumbnail', format)
      const first = await get(path)
      const again = await get(path)
      const elsewhere = await get(path, { edge: 1 })
      expect([first, again, elsewhere].map(way)).toEqual(['200 Miss handler', '200 Hit handler', '200 Miss bucket'])
      const bytes = await bytesOf(first)
      expect(lastingHeaders(first)).toEqual({
        'content-type': `image/${format.toLowerCase()}`,
        'content-length': String(bytes.length),
        'cache-control': 'public, max-age=31536000, immutable',
        etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
        'x-amz-meta-cache-tag': expect.stringMatching(/^vendor-acme,family-\w{12},set-\w{12},item-\w{12}$/),
        'x-content-type-options': 'nosniff',
        'access-control-allow-origin': '*',
      })
      for (const other of [again, elsewhere]) {
        expect(lastingHeaders(other)).toEqual(lastingHeaders(first))
        expect(await bytesOf(other)).toEqual(bytes)
      }
    }
    expect(requests()).toEqual(IMAGE_FORMATS.flatMap(() => ['bucket 404', 'handler 200', 'bucket 200']))
    expect(await renders()).toBe(IMAGE_FORMATS.length)
  })

  it('is rendered once for concurrent requests of 50 edges, and requested once by each', async () => {
    const { cdn, get, pathOf, renders } = await open({ edges: 50 })
    const path = await pathOf()
    const viewers = cdn.urls.flatMap((_url, edge) => [edge, edge, edge, edge])
    const answers = await Promise.all(viewers.map((edge) => get(path, { edge })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map((answer) => JSON.stringify(lastingHeaders(answer)))).size).toBe(1)
    expect(await renders()).toBe(1)
    const bucket = cdn.requests.filter(({ origin }) => origin === 'bucket').map(({ edge }) => edge)
    expect(bucket.sort((a, b) => a - b)).toEqual(cdn.urls.map((_url, edge) => edge))
  })

  it('answers HEAD, before and after it is stored, with the headers of GET and no body', async () => {
    const { get, pathOf, renders } = await open({ edges: 2 })
    const path = await pathOf()
    const first = await get(path, { method: 'HEAD' })
    const whole = await get(path)
    const later = await get(path, { method: 'HEAD' })
    const elsewhere = await get(path, { method: 'HEAD', edge: 1 })
    expect([first, whole, later, elsewhere].map(way)).toEqual([
      '200 Miss handler',
      '200 Miss bucket',
      '200 Hit bucket',
      '200 Miss bucket',
    ])
    for (const head of [first, later, elsewhere]) {
      expect(lastingHeaders(head)).toEqual(lastingHeaders(whole))
      expect(await head.text()).toBe('')
    }
    expect(await renders()).toBe(1)
  })

  it('answers 304 at the edge to a client that has it', async () => {
    const { get, pathOf, requests } = await open()
    const path = await pathOf()
    const etag = (await get(path)).headers.get('etag') ?? ''
    expect((await get(path, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect(requests()).toEqual(['bucket 404', 'handler 200'])
  })

  it("answers a preflight by the bucket's rules, and by the handler if the bucket is unavailable", async () => {
    const { get, pathOf, requests, bucketUrl, handlerUrl, renders } = await open()
    const path = await pathOf()
    const preflight = {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'GET' },
    }
    expect(way(await get(path, preflight))).toBe('403 Miss bucket')
    const rules = `<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>
      <AllowedMethod>HEAD</AllowedMethod></CORSRule></CORSConfiguration>`
    expect((await fetch(`${bucketUrl}?cors`, { method: 'PUT', body: rules })).status).toBe(200)
    const allowed = await get(path, preflight)
    expect([way(allowed), allowed.headers.get('access-control-allow-methods')]).toEqual([
      '200 Miss bucket',
      'GET, HEAD',
    ])
    expect(requests()).toEqual(['bucket 403', 'bucket 200'])

    const cdn = await openCdn({ primary: { url: NOWHERE }, failover: { url: handlerUrl } })
    const handled = await fetch(`${cdn.urls[0]}${path}`, preflight)
    expect([way(handled), handled.headers.get('access-control-allow-methods')]).toEqual([
      '204 Miss handler',
      'GET, HEAD, OPTIONS',
    ])
    expect(await renders()).toBe(0)
  })

  it('is reached by its alias, whose redirect works behind the CDN', async () => {
    const { get, cdn, pathOf } = await open()
    const path = await pathOf()
    const alias = path.replace(/\.\w{16}\./, '.')
    const redirect = await get(alias)
    expect(way(redirect)).toBe('302 Miss handler')
    const target = new URL(redirect.headers.get('location') ?? '', `${cdn.urls[0]}${alias}`)
    expect(target.pathname).toBe(path)
    expect(way(await get(target.pathname))).toBe('200 Miss bucket')
  })
})

describe('a failure behind the CDN', () => {
  it('of a store is 503, is not cached, and ends as soon as the store is back', async () => {
    const { cdn, pathOf, failStore, bucketUrl, handlerUrl } = await open()
    const time = clock()
    // CloudFront's own default, which the distribution must not have: it caches a 503 despite its no-store.
    const keeping = await openCdn({
      primary: { url: bucketUrl },
      failover: { url: handlerUrl },
      errorCachingMinTtlS: 10,
      now: time.now,
    })
    const path = await pathOf()
    const get = async ({ urls }: typeof cdn) => await fetch(`${urls[0]}${path}`)
    failStore(true)
    for (const answer of await Promise.all([get(cdn), get(keeping)])) {
      expect(way(answer)).toBe('503 Miss handler')
      expect([answer.headers.get('retry-after'), answer.headers.get('cache-control')]).toEqual(['1', 'no-store'])
    }
    failStore(false)
    expect(way(await get(cdn))).toBe('200 Miss handler')
    expect(way(await get(keeping))).toBe('503 Hit handler')
    time.pass(10)
    expect(way(await get(keeping))).toBe('200 Miss bucket')
  })

  it('of a picture that was never issued, or whose source is lost, is cached for a minute', async () => {
    const time = clock()
    const { app, get, pathOf, requests } = await open({ now: time.now })
    const lost = await pathOf()
    await app.stores.originals.delete((await app.prisma.item.findMany()).map(({ sourceKey }) => sourceKey))
    const neverIssued = lost.replace(/\.\w{16}\./, '.aaaaaaaaaaaaaaaa.')
    for (const [path, status] of [
      [neverIssued, 404],
      [lost, 422],
    ] as const) {
      const from = requests().length
      const answers = [await get(path), await get(path)]
      time.pass(59)
      answers.push(await get(path))
      time.pass(1)
      answers.push(await get(path))
      expect(answers.map(way)).toEqual(['Miss', 'Hit', 'Hit', 'Miss'].map((cache) => `${status} ${cache} handler`))
      expect(requests().slice(from)).toEqual(['bucket 404', `handler ${status}`, 'bucket 404', `handler ${status}`])
    }
  })

  it('of the bucket policy stays visible as 403, with no render, until it is repaired', async () => {
    const headers: Record<string, string> = { authorization: 'AWS nobody:c2lnbmF0dXJl' }
    const origins = await openOrigins()
    const cdn = await openCdn({
      primary: { url: origins.bucketUrl, headers },
      failover: { url: origins.handlerUrl },
    })
    const url = `${cdn.urls[0]}${await origins.pathOf()}`
    expect(way(await fetch(url))).toBe('403 Miss bucket')
    expect(await origins.renders()).toBe(0)
    delete headers.authorization
    expect(way(await fetch(url))).toBe('200 Miss handler')
  })

  it('of a bucket that is unavailable, silent or overloaded fails over to the handler', async () => {
    const { handlerUrl, pathOf } = await openOrigins()
    const silent = await listen(() => {})
    const overrun = await listen((_request, response) => response.writeHead(503).end())
    for (const url of [NOWHERE, silent, overrun]) {
      const cdn = await openCdn({ primary: { url, readTimeoutMs: 200 }, failover: { url: handlerUrl } })
      expect(way(await fetch(`${cdn.urls[0]}${await pathOf()}`))).toBe('200 Miss handler')
    }
  })
})

describe('a take-down', () => {
  it('ends in 410 at every edge, and affects nothing else', async () => {
    const time = clock()
    const { app, cdn, get, pathOf } = await open({ drawings: 2, edges: 3, now: time.now })
    const [bad, good] = [await pathOf(0), await pathOf(1)]
    const everywhere = (path: string) => Promise.all(cdn.urls.map(async (_url, edge) => way(await get(path, { edge }))))
    for (const path of [bad, good, bad, good]) await everywhere(path)

    // Instead of its job, which test/take-down.test.ts runs: the object, the invalidation by the item's own tag.
    const { id } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'item-0' } })
    await takeDown(app, { type: 'ITEM', id }, 'a test')
    await app.stores.previews.delete([bad.slice(1)])
    expect((await everywhere(bad)).every((each) => each.startsWith('200 Hit'))).toBe(true)
    const path = parseVariantKey(bad.slice(1))
    if (!path) throw new Error(`${bad} is no picture's path`)
    cdn.invalidate({ tags: cacheTagsOf(path).filter((tag) => tag.startsWith('item-')) })

    expect(await everywhere(bad)).toEqual(Array(3).fill('410 Miss handler'))
    expect(await everywhere(bad)).toEqual(Array(3).fill('410 Hit handler'))
    time.pass(60)
    expect(await everywhere(bad)).toEqual(Array(3).fill('410 Miss handler'))
    expect((await everywhere(good)).every((each) => each.startsWith('200 Hit'))).toBe(true)
    cdn.invalidate({ paths: ['/acme/*'] })
    expect(await everywhere(good)).toEqual(Array(3).fill('200 Miss bucket'))
  })
})
