import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chown, open as openFile, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { takeDown } from '../src/takedown/take-down.ts'
import { FAILOVER_ON, lastingHeaders } from './support/cdn.ts'
import { openOrigins } from './support/origins.ts'
import { listen, tempDirectory } from './support/setup.ts'
import { until } from './support/until.ts'

const TEMPLATE = path.join(import.meta.dirname, '../deploy/cdn.nginx.conf')
const NGINX = ['nginx', '/usr/sbin/nginx'].find((program) => spawnSync(program, ['-v']).status === 0) ?? null
/** nobody: as in its container, nginx does not run as root here. */
const UID = process.getuid?.() === 0 ? 65534 : undefined

/** One edge, as docker-compose.yml starts it. */
async function openEdge(origins: { bucketUrl: string; handlerUrl: string }) {
  const directory = await tempDirectory()
  const port = await freePort()
  const variables: Record<string, string> = {
    CDN_PORT: `127.0.0.1:${port}`,
    CDN_BUCKET: origins.bucketUrl,
    CDN_HANDLER: origins.handlerUrl,
    CDN_RESOLVER: '127.0.0.1',
    CDN_DIR: directory,
  }
  const config = path.join(directory, 'nginx.conf')
  const template = await readFile(TEMPLATE, 'utf8')
  await writeFile(
    config,
    template.replaceAll(/\$\{(CDN_\w+)\}/g, (_all, name: string) => variables[name] ?? ''),
  )
  const logFile = path.join(directory, 'log')
  const log = await openFile(logFile, 'a')
  if (UID) for (const mine of [directory, logFile]) await chown(mine, UID, UID)
  const nginx = spawn(NGINX ?? '', ['-c', config, '-e', 'stderr'], {
    stdio: ['ignore', log.fd, log.fd],
    ...(UID ? { uid: UID, gid: UID } : {}),
  })
  const gone = once(nginx, 'exit')
  onTestFinished(async () => {
    nginx.kill('SIGTERM')
    await gone
    await log.close()
  })
  const url = `http://127.0.0.1:${port}`
  await until(async () => {
    if (nginx.exitCode !== null) throw new Error(await readFile(logFile, 'utf8'))
    return (await fetch(`${url}/healthz`).catch(() => null))?.ok
  })
  return {
    url,
    get: (path: string, init?: RequestInit) => fetch(`${url}${path}`, { redirect: 'manual', ...init }),
    /** The origins requested for each picture, without hits: `bucket`, or `bucket handler`. The log is written after the response. */
    asked: async (pictures: number) => {
      const lines = await until(async () => {
        const found = [...(await readFile(logFile, 'utf8')).matchAll(/ from="([^"]*)"/g)]
        return found.length === pictures && found
      })
      const nameOf = (address: string) => (origins.bucketUrl.includes(address) ? 'bucket' : 'handler')
      return lines.flatMap(([, from = '-']) => (from === '-' ? [] : [from.split(' : ').map(nameOf).join(' ')]))
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const way = ({ status, headers }: Response) => `${status} ${headers.get('x-cache')}`

describe('deploy/cdn.nginx.conf', () => {
  it('fails over on the same errors as the origin group, caches errors by their Cache-Control, and needs no root', async () => {
    const config = await readFile(TEMPLATE, 'utf8')
    const [, codes = ''] = /error_page ([\d ]+) = @handler;/.exec(config) ?? []
    expect(codes.split(' ').map(Number)).toEqual([...FAILOVER_ON])
    expect(config).not.toMatch(/proxy_cache_valid|proxy_ignore_headers|^user /m)
    for (const [, file = ''] of config.matchAll(/^\s*(?:pid|proxy_cache_path|\w+_temp_path) (\S+)/gm))
      expect(file).toMatch(/^"\$\{CDN_DIR\}\//)
    expect(config).toContain('limit_except GET OPTIONS { deny all; }')
  })
})

describe.runIf(NGINX)('nginx as the CDN', () => {
  it('gets a picture from the handler first and from the bucket afterwards, identical including headers', async () => {
    const origins = await openOrigins()
    const [edge, other] = [await openEdge(origins), await openEdge(origins)]
    const path = await origins.pathOf()
    const first = await edge.get(`${path}?utm=1`)
    const again = await edge.get(path)
    const elsewhere = await other.get(path)
    expect([first, again, elsewhere].map(way)).toEqual(['200 MISS', '200 HIT', '200 MISS'])
    expect([await edge.asked(2), await other.asked(1)]).toEqual([['bucket handler'], ['bucket']])
    expect(await origins.renders()).toBe(1)
    const bytes = await first.arrayBuffer()
    expect(lastingHeaders(first)).toMatchObject({
      'content-type': 'image/webp',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-amz-meta-cache-tag': expect.stringContaining('vendor-acme,'),
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': '*',
    })
    for (const answer of [again, elsewhere]) {
      expect(lastingHeaders(answer)).toEqual(lastingHeaders(first))
      expect(await answer.arrayBuffer()).toEqual(bytes)
    }
    const known = await edge.get(path, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } })
    expect(known.status).toBe(304)
  })

  it('sends one request for 20 concurrent viewers, including HEAD', async () => {
    const origins = await openOrigins()
    const edge = await openEdge(origins)
    const path = await origins.pathOf()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => edge.get(path, { method: index % 4 ? 'GET' : 'HEAD' })),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map((answer) => JSON.stringify(lastingHeaders(answer)))).size).toBe(1)
    expect(await origins.renders()).toBe(1)
    expect((await edge.asked(20)).filter((from) => from.includes('handler'))).toEqual(['bucket handler'])
  })

  it('caches 404 and 410, but not 503: when the store is back, so is the picture', async () => {
    const origins = await openOrigins({ drawings: 2 })
    const edge = await openEdge(origins)
    const [path, gone] = [await origins.pathOf(0), await origins.pathOf(1)]
    const neverIssued = path.replace(/\.\w{16}\./, '.aaaaaaaaaaaaaaaa.')
    expect([await edge.get(neverIssued), await edge.get(neverIssued)].map(way)).toEqual(['404 MISS', '404 HIT'])
    const { id } = await origins.app.prisma.item.findFirstOrThrow({ where: { slug: 'item-1' } })
    await takeDown(origins.app, { type: 'ITEM', id }, 'a test')
    expect([await edge.get(gone), await edge.get(gone)].map(way)).toEqual(['410 MISS', '410 HIT'])
    origins.failStore(true)
    const failed = await edge.get(path)
    expect([way(failed), failed.headers.get('retry-after')]).toEqual(['503 MISS', '1'])
    origins.failStore(false)
    expect(way(await edge.get(path))).toBe('200 MISS')
  })

  it('requests the handler when the bucket is unavailable, and shows a 403 of the bucket', async () => {
    const origins = await openOrigins()
    const path = await origins.pathOf()
    const away = await openEdge({ ...origins, bucketUrl: 'http://127.0.0.1:1/bucket' })
    expect(way(await away.get(path))).toBe('200 MISS')
    const forbidding = await listen((_request, response) => response.writeHead(403).end())
    const forbidden = await openEdge({ ...origins, bucketUrl: forbidding })
    expect(way(await forbidden.get(path))).toBe('403 MISS')
  })

  it("forwards only a picture's path, and nothing else of the viewer", async () => {
    const passed: string[] = []
    const origin = await listen(({ method, url, headers }, response) => {
      passed.push(`${method} ${url} ${Object.keys(headers).sort()}`)
      response.writeHead(200).end()
    })
    const edge = await openEdge({ bucketUrl: `${origin}/previews`, handlerUrl: `${origin}/images` })
    const picture = '/acme/icons/A/B/x-preview.webp'
    for (const path of ['/', '/acme/', '/?list-type=2', '/acme/icons/a.svg', `${picture}%0aX`, `${picture}%0d%0aX`])
      expect([path, (await edge.get(path)).status]).toEqual([path, 404])
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await edge.get(picture, { method })).status).toBe(403)
    expect(passed).toEqual([])
    const headers = { origin: 'https://shop.example', cookie: 'a=b', authorization: 'x', range: 'bytes=0-1' }
    await edge.get(`${picture}?policy`, { headers })
    await edge.get(picture, { method: 'OPTIONS', headers: { ...headers, 'access-control-request-method': 'GET' } })
    await edge.get('/i/ABCDEFGHIJKL.webp?w=256', { headers })
    const signed = `/_private${picture}?until=1795733400&sig=a-_b`
    expect([way(await edge.get(signed, { headers })), way(await edge.get(signed))]).toEqual(['200 null', '200 null'])
    expect(passed).toEqual([
      `GET /previews${picture} host`,
      `OPTIONS /previews${picture} access-control-request-method,host,origin`,
      'GET /images/i/ABCDEFGHIJKL.webp?w=256 host',
      ...Array.from({ length: 2 }, () => `GET /images${signed} host`),
    ])
  })
})
