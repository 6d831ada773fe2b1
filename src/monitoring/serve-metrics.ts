import { createServer } from 'node:http'
import { listen } from '../core/listen.ts'
import { log } from '../core/log.ts'
import type { Metrics } from './metrics.ts'

/** A scrape is small and quick: whoever needs longer is not Prometheus. */
const REQUEST_MS = 10_000
const CONNECTIONS_MAX = 20

export interface MetricsServer {
  /** `http://host:port`, without a trailing slash. */
  readonly url: string
  readonly close: () => Promise<void>
}

/**
 * Serves `/metrics` without a token on a port of its own, which must not be public. Throws IN_USE if the port is taken, and CONFIG if the
 * address cannot be used.
 */
export async function serveMetrics(
  metrics: Metrics,
  { host, port }: { host: string; port: number },
): Promise<MetricsServer> {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end('NOT_FOUND: The path is /metrics.\n')
    metrics.print().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.destroy(),
    )
  })
  server.maxConnections = CONNECTIONS_MAX
  const variables = { host: 'METRICS_HOST', port: 'METRICS_PORT' }
  const url = await listen(server, { host, port, variables })
  log.info('metrics are served', { url: `${url}/metrics` })
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
