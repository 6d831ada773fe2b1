import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mapConcurrent } from '../src/core/map-concurrent.ts'
import { ADMIN_TOKEN, importDrawings, testApp, testServer } from './support/setup.ts'

const FOLDER = '/images/acme/icons/FAMILY000001/SET000000001'
const ROUTES = [
  ...['/', '/console', '/assets/x.js', '/session', '/graphql', '/schema.graphql', '/possible-types.json', '/healthz'],
  ...['/readyz', '/metrics', '/failures.jsonl', '/audit.jsonl', '/events/s3', '/uploads/1', '/nothing'],
  ...[`${FOLDER}/item-0-thumbnail.webp`, `${FOLDER}/item-0-thumbnail.AAAAAAAAAAAAAAAA.webp`, '/i/x/thumbnail.webp'],
  ...['/f/x/card.webp', '/originals/x.svg'],
]
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'POST', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'M-SEARCH']

const headers = (count: number, line: (at: number) => string) => Array.from({ length: count }, (_, at) => line(at))

/** Each header or pair that a client may send with any request. */
const HEADERS: readonly (readonly string[])[] = [
  ['Range: bytes=0-0,1-1,2-2', 'If-Range: "x"'],
  ['Range: bytes=99999999999999999999-'],
  [`If-None-Match: ${headers(1000, (at) => `"${at}"`).join(', ')}`],
  ['If-None-Match: *', 'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT'],
  ['If-Match: "x"', 'If-Unmodified-Since: nonsense'],
  ['Expect: 100-continue'],
  ['Connection: upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: x'],
  ['Connection: upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAAA'],
  ['Accept: ,;q=,*/*;q=9', 'Accept-Encoding: gzip;q=x,br;q=-1,*', 'Accept-Language: \xff\xfe'],
  ['Authorization: Bearer', `Authorization: Basic ${'A'.repeat(4000)}`],
  [`Authorization: Bearer ${'e'.repeat(3000)}.${'e'.repeat(3000)}.x`],
  ['Origin: null', 'Access-Control-Request-Method: \t', 'Access-Control-Request-Headers: ,,,'],
  ['X-Forwarded-For: 1, ,[::1]:x, 999.1.1.1', 'Forwarded: for="_x"', 'X-Request-Id: <script>'],
  ['Cookie: __proto__=1; constructor=2', `Cookie: ${'a=b;'.repeat(1000)}`],
  ['Content-Type: multipart/form-data', 'Content-Encoding: gzip'],
]

/** What stands for a path. */
const TARGETS = [
  ...[
    '/images/%',
    '/images/%zz',
    '/images/%00',
    '/images/..%2f..%2fetc/passwd',
    '/images/../../etc/passwd',
    '/%2e%2e/',
  ],
  ...[
    '//evil.example/',
    '/\\..\\..\\',
    '/images/acme/../../healthz',
    '/originals/..%2F..%2Fsecrets',
    '/assets/../index.html',
  ],
  ...[
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/i/%ff/%fe',
    '/f/%e0%80%af',
    '/uploads/../1',
  ],
  ...[
    '/uploads/1?expires=%00&signature=%',
    '/uploads/99999999999999999999',
    '/failures.jsonl?backfill=%',
    '/?%',
    '/graphql?query=%',
  ],
  ...[
    '/graphql?query={__typename}&variables={',
    '/graphql?extensions=[[',
    '/images',
    '/images/',
    '/i/',
    '/f/',
    '/originals/',
  ],
  ...[
    'http://evil.example/healthz',
    'http://[::bad/images/x',
    'https://127.0.0.1:1/graphql',
    'ftp://x/',
    '*',
    '/;/..;/',
    '/#x',
  ],
  `/${'a/'.repeat(3000)}`,
  `/images/${'%2e'.repeat(2000)}`,
]

const requestOf = (method: string, target: string, lines: readonly string[] = []) =>
  [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...lines, 'Connection: close', '', ''].join('\r\n')

async function open(env?: 'with items') {
  const app = await testApp()
  const { url } = await testServer(app)
  if (env) await importDrawings(app, 1)
  const port = Number(new URL(url).port)
  /** The whole answer to some bytes; the connection is ended by the server. */
  const send = async (bytes: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.write(bytes, 'latin1')
    return await text(socket).catch(({ code }) => `${code}`)
  }
  const isAlive = async () => expect((await fetch(`${url}/healthz`)).status).toBe(200)
  return { send, isAlive, url }
}

/** After `100 Continue`, if that comes first. */
const statusOf = (answer: string) =>
  /^(?:HTTP\/1\.1 100 .*\r\n\r\n)?HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? answer.slice(0, 40)

describe('no request over HTTP', () => {
  it('to any route, by any method, with any header and at any target is a server error', async () => {
    const { send, isAlive } = await open('with items')
    const length = (method: string) => (/^P/.test(method) ? ['Content-Length: 0'] : [])
    const requests = [
      ...METHODS.flatMap((method) => ROUTES.map((route) => requestOf(method, route, length(method)))),
      ...HEADERS.flatMap((lines) => ROUTES.map((route) => requestOf('GET', route, lines))),
      ...['GET', 'HEAD', 'PUT'].flatMap((method) => TARGETS.map((target) => requestOf(method, target, length(method)))),
    ]
    const wrong: unknown[] = []
    await mapConcurrent(requests, 16, async (request) => {
      const answer = await send(request)
      const status = statusOf(answer)
      // TRACE must not show a browser's script the headers that were sent.
      if (!/^[234]\d\d$/.test(status) || answer.includes('TRACE /')) wrong.push([request.slice(0, 100), status])
    })
    expect(wrong).toEqual([])
    await isAlive()
  }, 60_000)

  const post = [
    'POST /graphql HTTP/1.1',
    'Host: x',
    'Content-Type: application/json',
    `Authorization: Bearer ${ADMIN_TOKEN}`,
  ]
  const raw: readonly (readonly [name: string, request: readonly string[], status: string])[] = [
    ['without a host', ['GET /healthz HTTP/1.1', '', ''], '400'],
    ['with a length and chunks', [...post, 'Content-Length: 4', 'Transfer-Encoding: chunked', '', '0', '', ''], '400'],
    ['with two lengths', [...post, 'Content-Length: 4', 'Content-Length: 5', '', 'aaaaa'], '400'],
    ['with a length of no number', [...post, 'Content-Length: +4', '', 'aaaa'], '400'],
    ['with a negative length', [...post, 'Content-Length: -1', '', ''], '400'],
    ['with a length beyond numbers', [...post, 'Content-Length: 99999999999999999999', '', ''], '400'],
    ['with a chunk of no length', [...post, 'Transfer-Encoding: chunked', '', 'zz', ''], '4(00|11)'],
    ['with an unknown coding', [...post, 'Transfer-Encoding: xchunked', '', ''], '400'],
    ['with a space before the colon', ['GET /healthz HTTP/1.1', 'Host : x', '', ''], '400'],
    ['with NUL in a header', ['GET /healthz HTTP/1.1', 'Host: x', 'A: \0', '', ''], '400'],
    ['with a bare line feed in a header', ['GET /healthz HTTP/1.1', 'Host: x', 'A: b\nC: d\r', '', ''], '400'],
    ['with a header without a colon', ['GET /healthz HTTP/1.1', 'Host: x', 'nothing', '', ''], '400'],
    ['with a header of 20 kB', ['GET /healthz HTTP/1.1', 'Host: x', `A: ${'a'.repeat(20_000)}`, '', ''], '431'],
    [
      'with 100,000 headers',
      ['GET /healthz HTTP/1.1', 'Host: x', ...headers(100_000, (at) => `A${at}: b`), '', ''],
      '431',
    ],
    ['with an address of 20 kB', [`GET /${'a'.repeat(20_000)} HTTP/1.1`, 'Host: x', '', ''], '431'],
    ['of an unknown method', ['BREW / HTTP/1.1', 'Host: x', '', ''], '400'],
    ['of HTTP/0.9', ['GET /healthz', '', ''], '200'],
    ['of HTTP/2', ['PRI * HTTP/2.0', '', 'SM', '', ''], '400'],
    ['of TLS', ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '', ''], '400'],
    [
      'for another expectation',
      ['GET /healthz HTTP/1.1', 'Host: x', 'Expect: tea', 'Connection: close', '', ''],
      '417',
    ],
  ]
  it('that is malformed is more than a client error', async () => {
    const { send, isAlive } = await open()
    const answers = await Promise.all(
      raw.map(async ([name, lines]) => [name, statusOf(await send(lines.join('\r\n')))] as const),
    )
    // A client that is still sending when the connection ends may see a reset in place of the answer.
    const expected = raw.map(([name, , status]) => [name, expect.stringMatching(`^(${status}|ECONNRESET|EPIPE)$`)])
    expect(answers).toEqual(expected)
    await isAlive()
  })

  it('is answered out of order or lost, if 500 are sent at once', async () => {
    const { send, isAlive } = await open()
    const paths = headers(500, (at) => (at % 3 === 0 ? '/healthz' : at % 3 === 1 ? '/nothing' : '/images/%'))
    const keepAlive = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join('')
    const answer = await send(keepAlive + requestOf('GET', '/healthz'))
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status)
    expect(statuses).toHaveLength(501)
    expect(statuses.filter((_, at) => at % 3 === 0).every((status) => status === '200')).toBe(true)
    expect(statuses.filter((_, at) => at % 3 !== 0 && at < 500).every((status) => /^4/.test(status ?? ''))).toBe(true)
    await isAlive()
  })

  it('leads to another host because it names one', async () => {
    const { send } = await open()
    const body = JSON.stringify({
      query: 'mutation { createUpload(vendor: "acme", fileName: "a.zip", bytes: 1) { url } }',
    })
    const answer = await send(
      [
        ...post.map((line) => (line === 'Host: x' ? 'Host: evil.example' : line)),
        ...[
          'X-Forwarded-Host: evil.example',
          'Forwarded: host=evil.example',
          `Content-Length: ${body.length}`,
          'Connection: close',
        ],
        ...['', body],
      ].join('\r\n'),
    )
    expect(answer).toContain('/uploads/')
    expect(answer).not.toContain('evil.example')
  })
})
