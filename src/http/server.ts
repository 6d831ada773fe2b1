import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { createSignInCode } from '../access/sign-in-code.ts'
import type { App } from '../app.ts'
import { listen } from '../core/listen.ts'
import { logFailure } from '../core/log-failure.ts'
import { inRequest } from '../core/request-context.ts'
import { openAll } from '../db/pool.ts'
import { networkOf } from '../limits/network.ts'
import { createMetrics } from '../monitoring/metrics.ts'
import { type MetricsServer, serveMetrics } from '../monitoring/serve-metrics.ts'
import { URL_LIFE_S } from '../uploads/upload-url.ts'
import { createAuditExport } from './audit.ts'
import { createClientAddress } from './client-address.ts'
import { createConsole } from './console.ts'
import { createFailuresExport } from './failures.ts'
import { createGraphQLRoutes } from './graphql.ts'
import { createHealthRoutes } from './health.ts'
import { createOriginHandler } from './images.ts'
import type { LeastRate } from './least-rate.ts'
import { createRequestLimit } from './limit-requests.ts'
import { createObserver } from './observe-requests.ts'
import { createOriginalsRoute } from './originals.ts'
import { assignRequestId, guarded, pathOf, type Route } from './sender.ts'
import { createSessionRoute } from './session.ts'
import { traceRequest } from './trace-request.ts'
import { createUploadRoutes } from './uploads.ts'

/** Time limit for receiving a request; an archive may take as long as its URL is valid. */
const REQUEST_MS = 30_000
const UPLOAD_MS = URL_LIFE_S * 1000
/** Time that requests in progress get to finish when the server closes. */
const DRAIN_MS = 10_000

export interface HttpServer {
  /** `http://host:port`, without a trailing slash. */
  readonly url: string
  readonly imageUrl: string
  /** Exchanged once for the admin token by POST /session: for the link that `npm start` prints. */
  readonly signInCode: string
  /** Of METRICS_PORT. */
  readonly metricsUrl: string | null
  /**
   * Still serves for this long, but says at `/readyz` that it does not, and closes each connection after its response: a load balancer
   * stops sending requests before the port closes.
   */
  readonly drain: (seconds: number) => Promise<void>
  /** Stops accepting requests, ends subscriptions with a hint to connect again, lets those in progress finish, then closes the remaining connections. */
  readonly close: () => Promise<void>
}

/** A client that neither sends nor reads for this long is gone: longer than a viewer waits and than a subscription is silent. */
const STALLED_MS = 60_000

/**
 * Longer than a load balancer keeps idle connections (60 s, AWS's default): if the server closed first, a request sent at that moment
 * would be lost. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
 */
const KEEP_ALIVE_MS = 65_000

/** Serves the console, GraphQL, pictures, uploads, failures, health and metrics. Throws IN_USE if the port is taken. */
export async function serve(
  app: App,
  {
    stalledMs = STALLED_MS,
    requestMs = REQUEST_MS,
    leastRate,
  }: { stalledMs?: number; requestMs?: number; leastRate?: LeastRate } = {},
): Promise<HttpServer> {
  const { host, port, publicUrl, publicImageUrl } = app.config
  const base = { url: '', imageUrl: '' }
  const closing = new AbortController()
  let isDraining = false
  const graphql = createGraphQLRoutes(app, base, { closing: closing.signal })
  const pictures = createOriginHandler(app)
  const originals = createOriginalsRoute(app)
  const failures = createFailuresExport(app)
  const audit = createAuditExport(app)
  const health = createHealthRoutes(app, { isDraining: () => isDraining })
  const exported = createMetrics(app, { role: 'api', before: health.setChecks, probes: health.probes })
  const addressOf = createClientAddress(app.config)
  const limitRequest = createRequestLimit(app)
  const limitAddress = (...[request, response]: Parameters<Route>) =>
    limitRequest(request, response, { client: networkOf(addressOf(request)) })
  // Guesses at tokens count for their address, scrapes do not.
  const needs = { scopes: ['operations:read'], what: 'metrics', isOperators: true, count: limitAddress } as const
  const metrics = guarded(app, needs, async (_request, response) =>
    response.writeHead(200, { 'content-type': exported.contentType }).end(await exported.print()),
  )
  const showConsole = createConsole(base, app.stores.originals.inbox)
  const signIn = createSignInCode()
  const session = createSessionRoute({ config: app.config, signIn })
  const uploads = createUploadRoutes(app, { ...(leastRate && { leastRate }) })

  const observeRequest = createObserver(app.config)

  const server = createServer({ requestTimeout: UPLOAD_MS, headersTimeout: 10_000 }, (request, response) => {
    const context = { requestId: assignRequestId(request, response), described: {} }
    observeRequest(request, response, context)
    // Its connection would be used again otherwise.
    if (isDraining) response.setHeader('connection', 'close')
    if (!request.url?.startsWith('/uploads/')) endInTime(request, response, requestMs)
    const { requestId } = context
    const handle = () => route(request, response)
    inRequest(context, () => traceRequest(request, response, { requestId, handle })).catch((error) => {
      logFailure('a request failed', error, { severity: 'error', url: request.url })
      response.destroy()
    })
  })

  async function route(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const path = pathOf(request)
    if (path.startsWith('/images/')) return pictures(request, response, path.slice('/images/'.length))
    if (path.startsWith('/i/') || path.startsWith('/f/')) return pictures(request, response, path.slice(1))
    const refusal = isCounted(path) ? limitAddress(request, response) : null
    if (refusal) return text(response, refusal.status, `${refusal.code}: ${refusal.message}\n`)
    if (path.startsWith('/originals/')) return originals(request, response)
    if (path.startsWith('/uploads/')) return uploads.receive(request, response)
    switch (path) {
      case '/graphql':
      case '/schema.graphql':
      case '/possible-types.json':
        return graphql[path] ? graphql[path](request, response) : text(response, 404, NOT_FOUND)
      case '/failures.jsonl':
        return failures(request, response)
      case '/audit.jsonl':
        return audit(request, response)
      case '/events/s3':
        return uploads.handleS3Event(request, response)
      case '/healthz':
        return text(response, 200, 'ok\n')
      case '/readyz':
        return health.ready(response)
      case '/metrics':
        return metrics(request, response)
      case '/session':
        return session(request, response)
      default:
        if (showConsole(request, response, path)) return
        return text(response, 404, NOT_FOUND)
    }
  }

  await openAll(app.keyedPool)
  server.on('clientError', refuseMalformed)
  server.setTimeout(stalledMs)
  server.keepAliveTimeout = KEEP_ALIVE_MS
  const url = await listen(server, { host, port, variables: { host: 'HOST', port: 'PORT' } })
  base.url = publicUrl ?? url
  base.imageUrl = publicImageUrl ?? `${base.url}/images`
  const own = await openMetricsServer()
  return {
    url,
    imageUrl: base.imageUrl,
    signInCode: signIn.text,
    metricsUrl: own?.url ?? null,
    async drain(seconds) {
      isDraining = true
      await delay(seconds * 1000)
    },
    async close() {
      isDraining = true
      closing.abort()
      await closeServer(server)
      await own?.close()
    },
  }

  async function openMetricsServer(): Promise<MetricsServer | null> {
    try {
      return app.config.metrics && (await serveMetrics(exported, app.config.metrics))
    } catch (error) {
      await closeServer(server)
      throw error
    }
  }
}

const NOT_FOUND =
  'NOT_FOUND: The paths are / (the console), /session, /graphql, /schema.graphql, /possible-types.json, /images/…, /i/…, /f/…, /originals/…, /uploads/…, /events/s3, /failures.jsonl, /audit.jsonl, /healthz, /readyz and /metrics.\n'

/** GraphQL counts its requests by token, pictures have a limit of their own, and a load balancer may check as often as it likes. */
const NOT_COUNTED = new Set(['/graphql', '/healthz', '/readyz', '/metrics'])
const isCounted = (path: string): boolean => !NOT_COUNTED.has(path)

/** Node only has a request time limit for the whole server. */
function endInTime(request: IncomingMessage, response: ServerResponse, requestMs: number): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (length === undefined && encoding === undefined) return
  const timer = setTimeout(() => {
    if (request.complete) return
    if (response.headersSent) return void request.destroy()
    response.setHeader('connection', 'close')
    text(response, 408, `REQUEST_TIMEOUT: The request did not arrive within ${requestMs / 1000} s: send it again.\n`)
    response.once('finish', () => request.destroy())
  }, requestMs).unref()
  request.once('close', () => clearTimeout(timer))
}

/** What Node's parser refuses, in one sentence instead of an empty body. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, sentence] = MALFORMED[error.code ?? ''] ?? ['400 Bad Request', 'The request is not valid HTTP.']
  const body = `BAD_INPUT: ${sentence}\n`
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
}

const MALFORMED: Readonly<Record<string, readonly [status: string, sentence: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'The address and the headers are longer than 16 kB: send a long query by POST.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time: send it again.'],
}

function text(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
    .end(body)
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}
