import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller, TokenScope } from '../access/caller.ts'
import type { App } from '../app.ts'
import { AppError } from '../core/errors.ts'

/** Ids of proxies and clients that are adopted; others could break lines of a log. */
const REQUEST_ID = /^[\w.:=-]{1,100}$/

/**
 * Gives the request its id, for the audit log and the response: that of its header X-Request-Id, or a new one. The header then has it
 * wherever the request is handled.
 */
export function assignRequestId(request: IncomingMessage, response: ServerResponse): void {
  const given = request.headers['x-request-id']
  const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
  request.headers['x-request-id'] = id
  response.setHeader('x-request-id', id)
}

/**
 * Who sends a request outside of GraphQL. Throws FORBIDDEN unless they have one of the scopes, and records it for a token.
 * @param needs.what the plural of what is asked for, which begins a sentence
 * @param needs.isOperators whether it shows the whole installation: a vendor's token is refused
 */
export async function identifySender(
  { access }: Pick<App, 'access'>,
  request: IncomingMessage,
  needs: { readonly scopes: readonly TokenScope[]; readonly what: string; readonly isOperators?: boolean },
): Promise<Caller> {
  const { scopes, what, isOperators = false } = needs
  const [path = '/'] = (request.url ?? '/').split('?', 1)
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
