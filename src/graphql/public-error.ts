import { GraphQLError } from 'graphql'
import { AppError, ERRORS, type ErrorCode, publicSentence, toAppError } from '../core/errors.ts'
import { logFailure } from '../core/log-failure.ts'

/** A domain error keeps its message and code; other client errors are BAD_INPUT; anything else is a bug and is logged. */
export function toPublicError(error: unknown): GraphQLError {
  const asGraphQL = error instanceof GraphQLError ? error : null
  const thrown = asGraphQL ? asGraphQL.originalError : (error as Error | undefined)
  const isClients = asGraphQL && (!thrown || thrown.name === 'PothosValidationError' || thrown instanceof GraphQLError)
  const known = isClients ? new AppError(codeOf(asGraphQL), asGraphQL.message) : toAppError(thrown ?? error)
  if (known.status >= 500)
    logFailure('a query failed', known, { severity: 'error', path: asGraphQL?.path?.join('.'), code: known.code })
  const { nodes, source, positions, path, extensions } = asGraphQL ?? {}
  // Without a path nothing was executed: set an HTTP status, even for clients that expect 200 for all GraphQL responses.
  const http = extensions?.http as object | undefined
  return new GraphQLError(publicSentence(known), {
    nodes,
    source,
    positions,
    path,
    extensions: { ...(path ? {} : { http: { status: known.status, ...http, spec: false } }), code: known.code },
  })
}

/** The code of a client error: its own if the catalogue has it, else BAD_INPUT. */
function codeOf({ extensions: { code } }: GraphQLError): ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'BAD_INPUT'
}
