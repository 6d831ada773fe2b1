import { GraphQLError } from 'graphql'
import { AppError, ERRORS, type ErrorCode, publicSentence, toAppError } from '../../core/errors.ts'
import { logFailure } from '../../core/log-failure.ts'

/** GraphQL's messages quote what was sent. */
const MESSAGE_MAX = 500
/** Places in the document that an error refers to. */
const PLACES_MAX = 3

/** GraphQL's offers of names that exist. */
const SUGGESTION = / Did you mean [^?]+\?/

/**
 * A domain error keeps its message and code; other client errors are BAD_INPUT; anything else is a bug and is logged.
 * @param options.suggestions whether messages may offer names of the schema in place of a wrong one
 */
export function toPublicError(error: unknown, { suggestions }: { suggestions: boolean }): GraphQLError {
  const asGraphQL = error instanceof GraphQLError ? error : null
  const thrown = asGraphQL ? asGraphQL.originalError : (error as Error | undefined)
  const isClients = asGraphQL && (!thrown || thrown.name === 'PothosValidationError' || thrown instanceof GraphQLError)
  const known = isClients
    ? new AppError(codeOf(asGraphQL), sentenceOf(asGraphQL.message, suggestions))
    : toAppError(thrown ?? error)
  if (known.status >= 500)
    logFailure('a query failed', known, { severity: 'error', path: asGraphQL?.path?.join('.'), code: known.code })
  const { nodes, source, positions, path, extensions } = asGraphQL ?? {}
  // Without a path nothing was executed: set an HTTP status, even for clients that expect 200 for all GraphQL responses.
  const { retryAfterS } = known
  const headers = retryAfterS === null ? {} : { headers: { 'retry-after': String(retryAfterS) } }
  const http = extensions?.http as object | undefined
  return new GraphQLError(publicSentence(known), {
    nodes,
    source,
    positions,
    path,
    extensions: {
      ...(path ? {} : { http: { status: known.status, ...headers, ...http, spec: false } }),
      code: known.code,
      ...(retryAfterS === null ? {} : { retryAfterS }),
    },
  })
}

/** The code of a client error: its own if the catalogue has it, else BAD_INPUT. */
function codeOf({ extensions: { code } }: GraphQLError): ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'BAD_INPUT'
}

function sentenceOf(message: string, suggestions: boolean): string {
  const sentence = suggestions ? message : message.replace(SUGGESTION, '')
  return sentence.length > MESSAGE_MAX ? `${sentence.slice(0, MESSAGE_MAX)}…` : sentence
}

/** An error of validation as clients may see it: short, with a few places, and with the status of a request that was not executed. */
export function toPublicValidationError(
  { message, nodes, extensions }: GraphQLError,
  { suggestions }: { suggestions: boolean },
): GraphQLError {
  return new GraphQLError(sentenceOf(message, suggestions), {
    nodes: nodes?.slice(0, PLACES_MAX),
    extensions: { ...extensions, http: { status: 400, spec: false } },
  })
}
