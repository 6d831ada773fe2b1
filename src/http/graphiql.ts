import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'

const MAX_AGE_S = 3600

/**
 * GraphiQL as one page of 9 MB, rendered and compressed once, and kept by browsers. It is served from a package, so that it works without
 * internet access.
 */
export function createGraphiQL() {
  let page: ReturnType<typeof render> | null = null

  return async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    page ??= render()
    const { html, gzipped, etag } = await page
    const headers = {
      'cache-control': `public, max-age=${MAX_AGE_S}`,
      etag,
      vary: 'Accept, Accept-Encoding',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    }
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end()
    const isCompressed = /\bgzip\b/.test(String(request.headers['accept-encoding']))
    const body = isCompressed ? gzipped : html
    response
      .writeHead(200, {
        ...headers,
        ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
        'content-type': 'text/html; charset=utf-8',
        'content-length': body.length,
      })
      .end(request.method === 'HEAD' ? undefined : body)
  }
}

/** Whether a browser requests `/graphql` as a page. */
export const isForGraphiQL = ({ method, headers, url = '' }: IncomingMessage): boolean =>
  method === 'GET' &&
  String(headers.accept).includes('text/html') &&
  !new URLSearchParams(url.split('?')[1]).has('query')

async function render() {
  const html = Buffer.from(renderGraphiQL({ title: 'Afterimage', defaultQuery: SAMPLE_QUERY }))
  const gzipped = await promisify(gzip)(html, { level: 9 })
  // Weak, because compressed and plain bodies share it.
  const etag = `W/"${createHash('sha256').update(html).digest('base64url').slice(0, 27)}"`
  return { html, gzipped, etag }
}

const SAMPLE_QUERY = `# Every URL below works already:
# what was never made is made when it is first opened.
query Items {
  items(first: 12) {
    nodes {
      name
      kind
      family { name vendor { name } }
      thumbnail: image(preset: "thumbnail") { url status }
      preview: image { url width height bytes }
      watermark: image(preset: "watermark") {
        url
        error { code message }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
  presets { name width height formats }
}

# What operators see and do needs a header, set below:
# { "Authorization": "Bearer YOUR_ADMIN_TOKEN" }
#
# query Backfills { backfills(first: 3) { nodes { id status totalItems doneItems etaSeconds } } }
#
# mutation Start { startBackfill { id status } }
#
# subscription Watch {
#   backfillProgress(id: "…") { status totalItems doneItems }
# }
`
