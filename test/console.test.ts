import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createSignInCode, SIGN_IN_LIFE_MS } from '../src/access/sign-in-code.ts'
import { ROOT } from './support/markdown.ts'
import { testBuckets } from './support/s3.ts'
import { ADMIN_TOKEN, testApp, testConfig, testServer } from './support/setup.ts'

const DIST = path.join(ROOT, 'console/dist')
const FIRST_PAGE_MAX_BYTES = 90_000

describe('a code of a link', () => {
  it('signs in once, within ten minutes', () => {
    let time = 0
    const code = createSignInCode(() => time)
    expect(Buffer.from(code.text, 'base64url')).toHaveLength(16)
    expect(code.redeem('another')).toBe('refused')
    expect([code.redeem(code.text), code.redeem(code.text)]).toEqual(['accepted', 'refused'])
    const late = createSignInCode(() => time)
    time += SIGN_IN_LIFE_MS + 1
    expect(late.redeem(late.text)).toBe('refused')
  })

  it('cannot be guessed at any speed', () => {
    let time = 0
    const code = createSignInCode(() => time)
    const results = Array.from({ length: 100 }, (_, at) => code.redeem(`guess ${at}`))
    expect(results.filter((each) => each === 'refused')).toHaveLength(30)
    expect(code.redeem(code.text)).toBe('too-many')
    time += 60_000
    expect(code.redeem(code.text)).toBe('accepted')
  })
})

describe('the files of the console', () => {
  it('are 90 kB compressed for the first page', () => {
    const html = readFileSync(path.join(DIST, 'index.html'), 'utf8')
    const linked = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, file = '']) => file)
    // The stylesheet names the font; it is compressed already.
    const fonts = readdirSync(path.join(DIST, 'assets')).filter((name) => name.endsWith('.woff2'))
    const files = [...linked, ...fonts.map((name) => `assets/${name}`)]
    const sizes = files.map((file) => {
      const bytes = readFileSync(path.join(DIST, file))
      return file.endsWith('.woff2') ? bytes.length : gzipSync(bytes).length
    })
    expect(fonts).toHaveLength(1)
    expect(sizes.reduce((sum, size) => sum + size, gzipSync(html).length)).toBeLessThan(FIRST_PAGE_MAX_BYTES)
  })

  it('are served compressed, cached for good but for the page, and under a strict policy', async () => {
    const { url } = await testServer(await testApp())
    const page = await fetch(url, { headers: { 'accept-encoding': 'gzip' } })
    const html = await page.text()
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const policy = page.headers.get('content-security-policy') ?? ''
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
      expect(policy.split('; ')).toContain(rule)
    expect(policy).not.toMatch(/unsafe|\*/)
    expect([page.headers.get('x-content-type-options'), page.headers.get('referrer-policy')]).toEqual([
      'nosniff',
      'no-referrer',
    ])
    expect(html).not.toMatch(/<script>|<style|style=|onload=/)
    const etag = page.headers.get('etag') ?? ''
    expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304)

    const [, script = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(html) ?? []
    for (const coding of ['br', 'gzip']) {
      const asset = await fetch(url + script, { headers: { 'accept-encoding': `${coding}, deflate` } })
      expect([asset.status, asset.headers.get('content-encoding')]).toEqual([200, coding])
      expect(asset.headers.get('cache-control')).toContain('immutable')
      expect(asset.headers.get('content-type')).toMatch(/^text\/javascript/)
    }
    const plain = await fetch(url + script, { headers: { 'accept-encoding': 'br;q=0, identity' } })
    expect(plain.headers.get('content-encoding')).toBeNull()
  })

  it('may send to the service only, and archives to the bucket if there is one', async () => {
    const buckets = await testBuckets()
    for (const [env, allowed] of [
      [{}, "connect-src 'self'"],
      [buckets, `connect-src 'self' ${new URL(buckets.AWS_ENDPOINT_URL_S3).origin}`],
    ] as const) {
      const { url } = await testServer(await testApp(await testConfig(env)))
      const policy = (await fetch(url)).headers.get('content-security-policy') ?? ''
      expect(policy.split('; ')).toContain(allowed)
    }
  })

  it('are shown at the addresses of its pages only', async () => {
    const { url } = await testServer(await testApp())
    const statusOf = async (address: string) => {
      const response = await fetch(url + address)
      const type = response.headers.get('content-type') ?? ''
      await response.arrayBuffer()
      return [address, response.status, /^text\/html/.test(type)]
    }
    const pages = ['/', '/catalogue', '/item/AAAAAAAAAAAA?preset=preview', '/backfills/failures', '/why']
    for (const page of pages) expect(await statusOf(page)).toEqual([page, 200, true])
    const others = ['/nothing', '/assets/nothing.js', '/index.html', '/assets/../../package.json', '/catalogues']
    for (const other of others) expect(await statusOf(other)).toEqual([other, 404, false])
  })
})

describe('POST /session', () => {
  it('exchanges the code for the token once, and nothing else', async () => {
    const { url, signInCode } = await testServer(await testApp())
    const post = (body: string, type = 'application/json') =>
      fetch(`${url}/session`, { method: 'POST', headers: { 'content-type': type }, body })
    const code = JSON.stringify({ code: signInCode })
    for (const wrong of ['{}', 'nonsense', '{"code":1}', JSON.stringify({ code: 'x' })])
      expect((await post(wrong)).status).toBe(403)
    expect((await post(code, 'text/plain')).status).toBe(415)
    expect((await post(JSON.stringify({ code: 'x'.repeat(2000) }))).status).toBe(413)
    expect((await fetch(`${url}/session`)).status).toBe(405)
    const accepted = await post(code)
    expect([accepted.status, await accepted.json()]).toEqual([200, { token: ADMIN_TOKEN }])
    expect([accepted.headers.get('cache-control'), accepted.headers.get('access-control-allow-origin')]).toEqual([
      'no-store',
      null,
    ])
    expect((await post(code)).status).toBe(403)
  })
})
