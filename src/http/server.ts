import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { App } from '../app.ts'
import { AppError } from '../core/errors.ts'
import { logFailure } from '../core/log-failure.ts'
import { URL_LIFE_S } from '../uploads/upload-url.ts'
import { createAuditExport } from './audit.ts'
import { createFailuresExport } from './failures.ts'
import { createGraphQLRoutes } from './graphql.ts'
import { createHealthRoutes } from './health.ts'
import { createOriginHandler } from './images.ts'
import { assignRequestId, guarded, pathOf, type Route } from './sender.ts'
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
  /** Stops accepting requests, lets those in progress finish, then closes the remaining connections. */
  readonly close: () => Promise<void>
}

/** A client that neither sends nor reads for this long is gone: longer than a viewer waits and than a subscription is silent. */
const STALLED_MS = 60_000

/**
 * Longer than a load balancer keeps idle connections (60 s, AWS's default): if the server closed first, a request sent at that moment
 * would be lost. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
 */
const KEEP_ALIVE_MS = 65_000

/** Serves GraphQL, pictures, uploads, exports, health and metrics. Throws IN_USE if the port is taken. */
export async function serve(app: App, { stalledMs = STALLED_MS }: { stalledMs?: number } = {}): Promise<HttpServer> {
  const { host, port, publicImageUrl } = app.config
  let imageUrl = ''
  const graphql = createGraphQLRoutes(app, () => imageUrl)
  const pictures = createOriginHandler(app)
  const failures = createFailuresExport(app)
  const audit = createAuditExport(app)
  const health = createHealthRoutes(app)
  const needs = { scopes: ['operations:read'], what: 'metrics', isOperators: true } as const
  const metrics = guarded(app, needs, (_request, response) => health.metrics(response))
  // Only those who were given a versioned URL know it; anybody who knows an item can make up its stable address.
  const stable: Route = (request, response) => pictures(request, response, pathOf(request).slice(1))
  const stablePictures = app.config.publicReads
    ? stable
    : guarded(app, { scopes: ['catalogue:read'], what: 'stable addresses' }, stable)

  const uploads = createUploadRoutes(app)

  const server = createServer({ requestTimeout: UPLOAD_MS, headersTimeout: 10_000 }, (request, response) => {
    assignRequestId(request, response)
    if (!request.url?.startsWith('/uploads/')) endInTime(request)
    route(request, response).catch((error) => {
      logFailure('a request failed', error, { severity: 'error', url: request.url })
      response.destroy()
    })
  })

  async function route(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const path = pathOf(request)
    if (path.startsWith('/images/')) return pictures(request, response, path.slice('/images/'.length))
    if (path.startsWith('/i/') || path.startsWith('/f/')) return stablePictures(request, response)
    if (path.startsWith('/uploads/')) return uploads.receive(request, response)
    switch (path) {
      case '/graphql':
      case '/schema.graphql':
      case '/possible-types.json':
        return graphql[path]?.(request, response)
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
      case '/':
        return response.writeHead(302, { location: '/graphql' }).end()
      default:
        return text(
          response,
          404,
          'NOT_FOUND: The paths are /graphql, /schema.graphql, /possible-types.json, /images/…, /i/…, /f/…, /uploads/…, /events/s3, /failures.jsonl, /audit.jsonl, /healthz, /readyz and /metrics.\n',
        )
    }
  }

  server.setTimeout(stalledMs)
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await listen(server, { host, port })
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`
  imageUrl = publicImageUrl ?? `${url}/images`
  return { url, imageUrl, close: () => closeServer(server) }
}

/** Node only has a request time limit for the whole server. */
function endInTime(request: IncomingMessage): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (length === undefined && encoding === undefined) return
  const timer = setTimeout(() => request.complete || request.destroy(), REQUEST_MS).unref()
  request.once('close', () => clearTimeout(timer))
}

function text(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
    .end(body)
}

function listen(server: Server, at: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new AppError(
              'IN_USE',
              `Port ${at.port} on ${at.host} is in use by another program: stop that one, or set PORT (0 picks a free one).`,
            )
          : new AppError('CONFIG', `Cannot listen on ${at.host}:${at.port} (${error.message}): check HOST and PORT.`, {
              cause: error,
            }),
      )
    })
    server.listen(at.port, at.host, resolve)
  })
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
