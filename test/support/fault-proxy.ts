import { createHash } from 'node:crypto'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { inject, onTestFinished } from 'vitest'

/** Fractions of requests with each fault; the rest succeed. */
export interface FaultRates {
  /** 500 InternalError, half of them after the operation was done. */
  readonly broken: number
  /** 503 SlowDown, half of them after the operation was done. */
  readonly slowDown: number
  /** The connection is reset: during the request, or in the middle of the response. */
  readonly reset: number
  /** No response, half of them after the operation was done. */
  readonly stalled: number
  /** The response is truncated: by a closed connection, or framed as if it were complete. */
  readonly cut: number
}

export type ProxyMode = 'healthy' | 'faulty' | 'gone' | 'silent' | 'denied'

type Fault = keyof FaultRates
const FAULTS: readonly Fault[] = ['broken', 'slowDown', 'reset', 'stalled', 'cut']

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

/**
 * A proxy of the S3 server that fails as networks and S3 do. Each exchange with the server itself is complete, so a fault never damages
 * an object there. The fault of a request depends only on the seed, its method and path, and how often it was made: the same in each run,
 * in any order of requests. Honours `If-None-Match: *`, as S3 does and the server does not.
 */
export async function openFaultProxy(options: { seed?: number; rates?: FaultRates } = {}) {
  const { seed = 1, rates = { broken: 0, slowDown: 0, reset: 0, stalled: 0, cut: 0 } } = options
  const target = new URL(inject('s3Url'))
  const agent = new Agent({ keepAlive: true })
  const asked: Record<string, number> = {}
  const faults: Partial<Record<Fault, number>> = {}
  const times = new Map<string, number>()
  const putting = new Map<string, Promise<unknown>>()
  let mode: ProxyMode = 'healthy'

  const server = createServer((client, response) => {
    serve(client, response).catch(() => response.destroy())
  })
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    if (mode !== 'gone') return
    count('connection')
    socket.resetAndDestroy()
  })

  function count(what: string): void {
    asked[what] = (asked[what] ?? 0) + 1
  }

  async function serve(client: IncomingMessage, response: ServerResponse): Promise<void> {
    count(operationOf(client))
    if (mode === 'gone') return fail(client, response, 'reset')
    if (mode === 'silent') return fail(client, response, 'stalled')
    if (mode === 'denied') return refuse(client.resume(), response, { status: 403, code: 'AccessDenied' })
    const { fault, late } = mode === 'faulty' ? draw(client) : { fault: null, late: false }
    if (fault) faults[fault] = (faults[fault] ?? 0) + 1
    const isDone = late || fault === 'cut'
    if (fault && !isDone) return fail(client, response, fault)
    const answer = await exchange(client)
    if (fault === 'cut' || fault === 'reset') return tear(response, answer, { fault, asIfWhole: late })
    if (fault) return fail(client, response, fault)
    response.writeHead(answer.status, answer.headers).end(answer.body)
  }

  const share = (names: readonly Fault[]) => names.reduce((sum, name) => sum + rates[name], 0)

  /** @returns late: after the server did its work; for a truncated response whether its framing is wrong */
  function draw(client: IncomingMessage): { fault: Fault | null; late: boolean } {
    // The bucket's name differs from run to run.
    const path = client.url?.replace(/^\/[^/?]+/, '')
    const what = `${seed} ${client.method} ${path}`
    const time = times.get(what) ?? 0
    times.set(what, time + 1)
    const hash = createHash('sha256').update(`${what} ${time}`).digest()
    const drawn = hash.readUInt32LE(0) / 2 ** 32
    const fault = FAULTS.find((_name, index) => drawn < share(FAULTS.slice(0, index + 1))) ?? null
    return { fault, late: (hash[4] as number) < 128 }
  }

  /** Ends a request without the server's response. */
  function fail(client: IncomingMessage, response: ServerResponse, fault: Fault): void {
    client.resume()
    if (fault === 'broken') refuse(client, response, { status: 500, code: 'InternalError' })
    if (fault === 'slowDown') refuse(client, response, { status: 503, code: 'SlowDown' })
    if (fault === 'reset') client.socket.resetAndDestroy()
  }

  /** The server's complete response; a put with If-None-Match waits for the previous one. */
  async function exchange(client: IncomingMessage): Promise<Answer> {
    const body = Buffer.concat(await client.toArray())
    const path = client.url as string
    if (client.headers['if-none-match'] !== '*') return await send(client, body)
    const before = putting.get(path)
    const work = (async () => {
      await before?.catch(() => {})
      const found = await fetch(new URL(path, target), { method: 'HEAD' })
      return found.ok ? sentence(412, 'PreconditionFailed') : await send(client, body)
    })()
    putting.set(path, work)
    return await work
  }

  function send({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = target
      request({ agent, hostname, port, method, path: url, headers: endToEnd(headers) }, (answer) => {
        const { statusCode = 0, headers } = answer
        buffer(answer).then((body) => resolve({ status: statusCode, headers: endToEnd(headers), body }), reject)
      })
        .once('error', reject)
        .end(body)
    })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    agent.destroy()
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Requests by operation: get, put, head, list, delete; connections while it is gone. */
    asked,
    /** Faults by kind. */
    faults,
    total: () => Object.values(asked).reduce((sum, count) => sum + count, 0),
    switchTo(next: ProxyMode): void {
      mode = next
      // Requests in progress must not succeed.
      if (mode === 'gone') server.closeAllConnections()
    },
  }
}

/** Headers that do not describe the connection. */
const endToEnd = (headers: Answer['headers']) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^(connection|keep-alive|transfer-encoding|expect)$/.test(name)),
  )

function operationOf({ method, url }: IncomingMessage): string {
  if (method === 'POST') return 'delete'
  return method === 'GET' && url?.includes('list-type') ? 'list' : (method?.toLowerCase() as string)
}

const sentence = (status: number, code: string): Answer => {
  const body = Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}!</Message></Error>`)
  return { status, headers: { 'content-type': 'application/xml', 'content-length': String(body.length) }, body }
}

function refuse(
  client: IncomingMessage,
  response: ServerResponse,
  { status, code }: { status: number; code: string },
): void {
  const { headers, body } = sentence(status, code)
  response.writeHead(status, headers).end(client.method === 'HEAD' ? undefined : body)
}

/** Sends the beginning of a response. One without a body closes its connection instead. */
function tear(response: ServerResponse, answer: Answer, how: { fault: Fault; asIfWhole: boolean }): void {
  const { status, headers, body } = answer
  const half = body.subarray(0, body.length >> 1)
  if (body.length === 0) {
    response.socket?.resetAndDestroy()
    return
  }
  if (how.fault === 'cut' && how.asIfWhole) {
    response.writeHead(status, { ...headers, 'content-length': half.length }).end(half)
    return
  }
  response.writeHead(status, { ...headers, 'content-length': body.length })
  response.write(half, () => (how.fault === 'reset' ? response.socket?.resetAndDestroy() : response.socket?.end()))
}
