import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { identifyCaller } from '../access/tokens.ts'
import type { App } from '../app.ts'
import { AppError, publicSentence, toAppError } from '../core/errors.ts'
import { isRowId, parseGlobalId, printGlobalId } from '../core/global-id.ts'
import { logFailure } from '../core/log-failure.ts'
import { execute, query } from '../db/query.ts'
import { type Failure, readFailures } from '../variants/failures.ts'

/**
 * `/failures.jsonl`: all failures as JSON Lines, or with `?backfill=ID` those that one backfill recorded last. GET and HEAD, with a token
 * of scope backfill:write. Streamed with back-pressure: at most one page is in memory.
 */
export function createFailuresExport(app: App) {
  const { pg } = app

  return async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await answer(request, response)
    } catch (error) {
      refuse(request, response, error)
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new AppError('METHOD_NOT_ALLOWED', `Use GET or HEAD for failures, not ${request.method}.`)
    const caller = await identifyCaller(request.headers.authorization, app)
    if (!caller.scopes.has('backfill:write'))
      throw new AppError('FORBIDDEN', 'Failures need a token with scope backfill:write: Authorization: Bearer TOKEN.')
    const backfillId = parseBackfill(new URL(request.url ?? '', 'http://localhost').searchParams)
    if (backfillId !== null) {
      const isThere = await execute(pg, query.selectFrom('backfill').where('id', '=', backfillId))
      if (!isThere) throw new AppError('NOT_FOUND', `There is no backfill ${backfillId}.`)
    }
    // Reads the first page before the status is sent, so that an error still gets a status.
    const lines = linesOf(readFailures(pg, backfillId))
    const first = await lines.next()
    response.writeHead(200, headersOf('application/x-ndjson; charset=utf-8'))
    if (request.method === 'HEAD') response.end()
    else await pipeline(Readable.from(startingWith(first, lines), { highWaterMark: 1 }), response)
  }
}

async function* startingWith(first: IteratorResult<string>, rest: AsyncIterable<string>): AsyncIterable<string> {
  if (first.done) return
  yield first.value
  yield* rest
}

async function* linesOf(pages: AsyncIterable<readonly Failure[]>): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((failure) => `${JSON.stringify(toLine(failure))}\n`).join('')
}

const toLine = ({ itemUniqueId, sourceKey, code, message, attempts, lastAt, backfillId }: Failure) => ({
  item: itemUniqueId,
  sourceKey,
  code,
  message,
  attempts,
  lastAt,
  backfill: backfillId === null ? null : printGlobalId('Backfill', backfillId),
})

function parseBackfill(parameters: URLSearchParams): number | null {
  const text = parameters.get('backfill')
  if (text === null) return null
  const node = parseGlobalId(text)
  if (node?.typename === 'Backfill' && isRowId(Number(node.id))) return Number(node.id)
  throw new AppError('BAD_INPUT', `${JSON.stringify(text.slice(0, 100))} is not the id of a backfill in GraphQL.`)
}

const headersOf = (contentType: string) => ({
  'content-type': contentType,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
})

function refuse(request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
  // The response has begun: closing it tells the client of the error. A client that disconnected needs no response.
  if (response.headersSent) {
    if (!request.destroyed && !response.writableFinished)
      logFailure('an export of failures was aborted', thrown, { severity: 'error' })
    response.destroy()
    return
  }
  const error = toAppError(thrown)
  if (error.status >= 500) logFailure('failures cannot be exported', error, { severity: 'error', code: error.code })
  const more = {
    ...(error.code === 'METHOD_NOT_ALLOWED' ? { allow: 'GET, HEAD' } : {}),
    ...(error.status === 503 ? { 'retry-after': '1' } : {}),
  }
  response
    .writeHead(error.status, { ...headersOf('text/plain; charset=utf-8'), ...more })
    .end(request.method === 'HEAD' ? undefined : `${error.code}: ${publicSentence(error)}\n`)
}
