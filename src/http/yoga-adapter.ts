import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * What graphql-yoga reads of a Fetch Request. A whole Request, made of a stream, takes a tenth of the CPU time of a page of items.
 */
interface ReadRequest extends Pick<Request, 'method' | 'url' | 'signal' | 'json'> {
  readonly headers: Pick<Headers, 'get' | 'has'>
}

/**
 * The request for Yoga. Its body has been received.
 * @param body its JSON as text; null without a body
 */
export function toFetchRequest(
  { method = 'GET', url = '/', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  { body, response }: { body: string | null; response: ServerResponse },
): Request {
  let disconnected: AbortSignal | undefined
  const request: ReadRequest = {
    method,
    url: `http://localhost${url}`,
    headers: {
      get: (name) => headers[name.toLowerCase()]?.toString() ?? null,
      has: (name) => name.toLowerCase() in headers,
    },
    json: async () => JSON.parse(body ?? ''),
    // Only subscriptions read it.
    get signal() {
      disconnected ??= abortedByClose(response)
      return disconnected
    },
  }
  return request as Request
}

/** Aborts when the client disconnects before it has the whole response. */
function abortedByClose(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  const close = () => response.writableFinished || controller.abort()
  if (response.closed) close()
  else response.once('close', close)
  return controller.signal
}

/**
 * The body as text; the caller has checked its Content-Length. Rejects if the client disconnects, or is disconnected, before it has sent
 * the whole.
 */
export function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const close = () => reject(new Error('The client disconnected before it had sent the whole body.'))
    // It emits nothing more.
    if (request.destroyed) return close()
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.once('end', () => resolve(Buffer.concat(chunks).toString()))
    request.once('error', reject)
    // Without an error if this server ends it.
    request.once('close', close)
  })
}

/** Sends Yoga's response to a request: events one by one, anything else at once. Rejects if the client disconnects during events. */
export async function sendResponse(
  from: Response,
  { request, response }: { request: Request; response: ServerResponse },
): Promise<void> {
  if (response.closed || response.writableEnded) return void (await from.body?.cancel())
  response.writeHead(from.status, Object.fromEntries(from.headers))
  // In this order: reading the body makes a stream of a text.
  const isStream = !from.headers.get('content-type')?.startsWith('application/') && from.body
  if (!isStream) return void response.end(await from.text())
  const reader = (from.body as ReadableStream<Uint8Array>).getReader()
  const { signal } = request
  signal.addEventListener('abort', () => void reader.cancel())
  for (;;) {
    const { done, value } = await reader.read()
    if (done || signal.aborted) break
    if (!response.write(value)) await once(response, 'drain', { signal })
  }
  response.end()
}
