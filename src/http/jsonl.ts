import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Caller, TokenScope } from '../access/caller.ts'
import type { App } from '../app.ts'
import { AppError, publicSentence, toAppError } from '../core/errors.ts'
import { logFailure } from '../core/log-failure.ts'
import { identifySender } from './sender.ts'

interface Export<Row> {
  /** The plural, for sentences. */
  readonly name: string
  /** A caller needs one of these. */
  readonly scopes: readonly TokenScope[]
  /** The rows that the caller may see, page by page. May throw for invalid parameters. */
  readonly read: (caller: Caller, parameters: URLSearchParams) => Promise<AsyncIterable<readonly Row[]>>
  /** A row as JSON. */
  readonly print: (row: Row) => object
}

/** A route that exports a table as JSON Lines. GET and HEAD, with a token. Streamed with back-pressure: at most one page is in memory. */
export function createExport<Row>(app: App, { name, scopes, read, print }: Export<Row>) {
  return async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await answer(request, response)
    } catch (error) {
      refuse({ request, response, name }, error)
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new AppError('METHOD_NOT_ALLOWED', `Use GET or HEAD for ${name}, not ${request.method}.`)
    const identify = () => identifySender(app, request, { scopes, what: name })
    const caller = await identify()
    // Reads the first page before the status is sent, so that an error still gets a status.
    const pages = await read(caller, new URL(request.url ?? '', 'http://localhost').searchParams)
    const lines = linesOf(pages, identify)
    const first = await lines.next()
    response.writeHead(200, headersOf('application/x-ndjson; charset=utf-8'))
    if (request.method === 'HEAD') response.end()
    else await pipeline(Readable.from(startingWith(first, lines), { highWaterMark: 1 }), response)
  }

  /** @param check throws once the token is revoked: a slow reader of a long list may read for hours */
  async function* linesOf(pages: AsyncIterable<readonly Row[]>, check: () => Promise<unknown>): AsyncGenerator<string> {
    for await (const page of pages) {
      await check()
      yield page.map((row) => `${JSON.stringify(print(row))}\n`).join('')
    }
  }
}

async function* startingWith(first: IteratorResult<string>, rest: AsyncIterable<string>): AsyncIterable<string> {
  if (first.done) return
  yield first.value
  yield* rest
}

const headersOf = (contentType: string) => ({
  'content-type': contentType,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
})

function refuse(
  { request, response, name }: { request: IncomingMessage; response: ServerResponse; name: string },
  thrown: unknown,
): void {
  // The response has begun: closing it tells the client of the error. A client that disconnected needs no response.
  if (response.headersSent) {
    if (!request.destroyed && !response.writableFinished)
      logFailure(`an export of ${name} was aborted`, thrown, { severity: 'error' })
    response.destroy()
    return
  }
  const error = toAppError(thrown)
  if (error.status >= 500) logFailure(`${name} cannot be exported`, error, { severity: 'error', code: error.code })
  const more = {
    ...(error.code === 'METHOD_NOT_ALLOWED' ? { allow: 'GET, HEAD' } : {}),
    ...(error.status === 503 ? { 'retry-after': '1' } : {}),
  }
  response
    .writeHead(error.status, { ...headersOf('text/plain; charset=utf-8'), ...more })
    .end(request.method === 'HEAD' ? undefined : `${error.code}: ${publicSentence(error)}\n`)
}
