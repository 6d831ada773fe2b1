import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller, TokenScope } from '../access/caller.ts'
import type { App } from '../app.ts'
import { AppError, publicSentence, toAppError } from '../core/errors.ts'

/** Ids of proxies and clients that are adopted, 100 characters at most; others could break lines of a log. */
const REQUEST_ID = /^[\w.:=-]{1,100}$/

/**
 * Gives the request its id, for the audit log and the response: that of its header X-Request-Id or CloudFront's X-Amz-Cf-Id, or a
 * new one. The first header then has it wherever the request is handled.
 */
export function assignRequestId(request: IncomingMessage, response: ServerResponse): string {
  const { 'x-request-id': own, 'x-amz-cf-id': ofCloudFront } = request.headers
  const isUsable = (given: unknown): given is string => typeof given === 'string' && REQUEST_ID.test(given)
  const id = isUsable(own) ? own : isUsable(ofCloudFront) ? ofCloudFront : randomUUID()
  request.headers['x-request-id'] = id
  response.setHeader('x-request-id', id)
  return id
}

export type Route = (request: IncomingMessage, response: ServerResponse) => unknown

export interface Needs {
  /** One of these is needed. */
  readonly scopes: readonly TokenScope[]
  /** The plural of what is asked for, which begins a sentence. */
  readonly what: string
  /** Whether it shows the whole installation: a vendor's token is refused. */
  readonly isOperators?: boolean
}

/** The path of the URL, without its parameters. */
export const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0] ?? '/'

/**
 * A route for those who have a scope; others get one line that says what is missing.
 * @param options.count counts requests that are refused, and returns the refusal of a client that has sent too many
 */
export const guarded =
  (
    app: Pick<App, 'access'>,
    { count, ...needs }: Needs & { readonly count: (...request: Parameters<Route>) => AppError | null },
    route: Route,
  ): Route =>
  async (request, response) => {
    try {
      await identifySender(app, request, needs)
    } catch (thrown) {
      const error = count(request, response) ?? toAppError(thrown)
      const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
      return response.writeHead(error.status, headers).end(`${error.code}: ${publicSentence(error)}\n`)
    }
    return await route(request, response)
  }

/**
 * Who sends a request outside of GraphQL. Throws FORBIDDEN unless they have one of the scopes, and records it for a token.
 */
export async function identifySender(
  { access }: Pick<App, 'access'>,
  request: IncomingMessage,
  needs: Needs,
): Promise<Caller> {
  const { scopes, what, isOperators = false } = needs
  const path = pathOf(request)
  const requestId = String(request.headers['x-request-id'] ?? '')
  const caller = await access.identify({ authorization: request.headers.authorization, path, requestId })
  if (scopes.some((scope) => caller.scopes.has(scope)) && !(isOperators && caller.vendor)) return caller
  if (caller.actor !== 'anonymous')
    access.audit.refuse({ caller, action: `${request.method} ${path}`, target: null, outcome: 'FORBIDDEN', requestId })
  const subject = `${what.charAt(0).toUpperCase()}${what.slice(1)}`
  const holder = isOperators ? 'a token of an operator with' : 'a token with'
  throw new AppError(
    'FORBIDDEN',
    `${subject} need ${holder} scope ${scopes.join(' or ')}: Authorization: Bearer TOKEN.`,
  )
}
