import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { loadConfig } from '../src/core/config.ts'
import { openStores } from '../src/store/open.ts'
import { testBuckets } from './support/s3.ts'
import { listen } from './support/setup.ts'
import { storeContract } from './support/store-contract.ts'

const PICTURE = { contentType: 'image/webp' }

const openTestStores = async (env: Record<string, string>) => {
  const stores = await openStores(loadConfig(env))
  onTestFinished(stores.close)
  return stores
}

storeContract('an S3 bucket', async () => (await openTestStores(await testBuckets())).previews)

describe('an S3 bucket', () => {
  it('stores with the object the headers that a CDN must send', async () => {
    const env = await testBuckets()
    const { previews } = await openTestStores(env)
    await previews.put('a/b.webp', Buffer.from('picture'), {
      contentType: 'image/webp',
      cacheControl: 'public, max-age=31536000, immutable',
      sourceHash: 'abc',
      cacheTags: ['vendor-acme', 'item-ABCDEFGHIJKL'],
    })
    const { headers } = await fetch(`${inject('s3Url')}/${env.PREVIEWS_BUCKET}/a/b.webp`)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'image/webp',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-amz-meta-source-hash': 'abc',
      'x-amz-meta-cache-tag': 'vendor-acme,item-ABCDEFGHIJKL',
      etag: '"5456fc54c74a297ce994998c2873b370"',
    })
  })

  it('deletes and lists more than one call allows', async () => {
    const { previews } = await openTestStores(await testBuckets())
    const keys = Array.from({ length: 1203 }, (_, index) => `a/${String(index).padStart(5, '0')}.webp`)
    for (let from = 0; from < keys.length; from += 100)
      await Promise.all(keys.slice(from, from + 100).map((key) => previews.put(key, Buffer.from(key), PICTURE)))
    const listed = []
    for await (const { key, etag } of previews.list('a/')) {
      expect(etag).toMatch(/^[0-9a-f]{32}$/)
      listed.push(key)
    }
    expect(listed).toEqual(keys)
    await previews.delete(keys)
    for await (const { key } of previews.list('')) expect.unreachable(key)
  })

  it('leaves no probe object', async () => {
    const { originals, previews } = await openTestStores(await testBuckets())
    for (const store of [originals, previews]) for await (const { key } of store.list('')) expect.unreachable(key)
  })
})

it('whose name would be part of an unknown host is reported with S3_FORCE_PATH_STYLE', async () => {
  const env = { ...(await testBuckets()), AWS_ENDPOINT_URL_S3: 'http://store.invalid:9000', S3_FORCE_PATH_STYLE: 'off' }
  await expect(openStores(loadConfig(env))).rejects.toThrow(/\.store\.invalid.*set S3_FORCE_PATH_STYLE=on/)
  const own = openStores(loadConfig({ ...env, S3_FORCE_PATH_STYLE: 'on' }))
  await expect(own).rejects.toThrow(/store\.invalid.*check AWS_ENDPOINT_URL_S3/)
})

/** An S3 with the test's responses, in S3's own XML. */
async function answering(
  answer: (method: string, url: string) => { status: number; code: string } | { body: Buffer } | null,
) {
  const asked: string[] = []
  const url = await listen(async (request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const own = answer(request.method as string, request.url as string)
    if (own && 'body' in own) return void response.end(own.body)
    if (own) {
      const { status, code } = own
      response.writeHead(status, { 'content-type': 'application/xml' })
      return void response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}!</Message></Error>`)
    }
    // The real server does the rest.
    request.headers.host = new URL(inject('s3Url')).host
    const real = await fetch(`${inject('s3Url')}${request.url}`, {
      method: request.method,
      headers: Object.entries(request.headers).filter(
        ([name]) => !/^(host|connection|content-length|expect)$/.test(name),
      ) as [string, string][],
      ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { body: request as never, duplex: 'half' }),
    } as RequestInit)
    response.writeHead(real.status, Object.fromEntries(real.headers))
    response.end(Buffer.from(await real.arrayBuffer()))
  })
  return { url, asked }
}

it('the response of an S3 that ignores ranges is reduced to the range', async () => {
  const body = Buffer.from('all of the object')
  const { url } = await answering((method, path) => (method === 'GET' && path.includes('a.zip') ? { body } : null))
  const { originals } = await openTestStores(await testBuckets(url))
  expect(String(await originals.get('a.zip', { range: { from: 4, to: 6 } }))).toBe('of')
  expect(String(await originals.get('a.zip', { range: { from: 11, to: 90 } }))).toBe('object')
  expect(await originals.get('a.zip', { range: { from: 40, to: 90 } })).toHaveLength(0)
})

describe('a problem with a bucket is reported at start, once, with its remedy', () => {
  const check = async (env: Record<string, string>, sentence: RegExp) => {
    await expect(openStores(loadConfig(env))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(sentence),
    })
  }

  it('no such bucket', async () =>
    check(
      { ...(await testBuckets()), PREVIEWS_BUCKET: 'no-such-bucket' },
      /no-such-bucket.*NoSuchBucket.*check PREVIEWS_BUCKET/,
    ))

  it('an unknown key', async () =>
    check({ ...(await testBuckets()), AWS_ACCESS_KEY_ID: 'nobody' }, /InvalidAccessKeyId.*check AWS_ACCESS_KEY_ID/))

  it('no server', async () =>
    check(
      await testBuckets('http://127.0.0.1:9'),
      /Cannot put .* in bucket originals-.*ECONNREFUSED.*AWS_ENDPOINT_URL_S3/,
    ))

  it.each([
    ['PutObject', (method: string) => method === 'PUT', /s3:PutObject on originals/],
    [
      'GetObject',
      (method: string, url: string) => method === 'GET' && /probe/.test(url) && !/list-type|absent/.test(url),
      /s3:GetObject/,
    ],
    ['ListBucket', (_method: string, url: string) => /absent|list-type/.test(url), /s3:ListBucket on originals/],
    ['DeleteObject', (method: string) => method === 'POST', /s3:DeleteObject on originals/],
  ] as const)('no permission for %s, and no second try', async (_name, isDenied, sentence) => {
    const { url, asked } = await answering((method, path) =>
      isDenied(method, path) ? { status: 403, code: 'AccessDenied' } : null,
    )
    await check(await testBuckets(url), sentence)
    const denied = asked.filter((line) => {
      const [method = '', path = ''] = line.split(' ')
      return path.startsWith('/originals') && isDenied(method, path)
    })
    expect(denied).toHaveLength(1)
  })
})
