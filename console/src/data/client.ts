/** A GraphQL operation with the types of its result and variables; see scripts/console.ts. */
export interface Operation<Result, Variables> {
  readonly name: string
  readonly text: string
  /** Only for the types. */
  readonly types?: (variables: Variables) => Result
}

/** Why a request failed, in a sentence for people. */
export class RequestError extends Error {
  /** A code of docs/errors.md, or OFFLINE if the service did not answer. */
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

let currentToken: () => string | null = () => null
let onForbidden: () => void = () => {}
/** Tells the client where to find the token, and whom to tell that something was forbidden with it. */
export const setToken = (read: () => string | null, forbidden: () => void): void => {
  currentToken = read
  onForbidden = forbidden
}

export function headers(): Record<string, string> {
  const token = currentToken()
  return token ? { authorization: `Bearer ${token}` } : {}
}

const OFFLINE = 'The service does not answer. It may be restarting: this page goes on by itself when it is back.'

interface Answer<Result> {
  readonly data?: Result | null
  readonly errors?: readonly { message: string; path?: readonly unknown[]; extensions?: { code?: string } }[]
}

/** Sends a query or a mutation. Throws RequestError: an answer with any error counts as failed. */
export async function request<Result, Variables>(
  { text, name }: Operation<Result, Variables>,
  variables: Variables,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Result> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers() },
    body: JSON.stringify({ query: text, operationName: name, variables }),
    ...(signal ? { signal } : {}),
  }).catch((error: unknown) => {
    throw signal?.aborted ? error : new RequestError('OFFLINE', OFFLINE, { cause: error })
  })
  const answer = (await response.json().catch(() => null)) as Answer<Result> | null
  return resultOf(answer, response.status)
}

/** The data of an answer; throws its first error. */
export function resultOf<Result>(answer: Answer<Result> | null, status = 200): Result {
  const [error] = answer?.errors ?? []
  if (error?.extensions?.code === 'FORBIDDEN' && currentToken()) onForbidden()
  if (error) throw new RequestError(error.extensions?.code ?? 'INTERNAL', error.message)
  if (!answer?.data)
    throw new RequestError('UNAVAILABLE', `The service answered with status ${status}: try again in a moment.`)
  return answer.data
}

/** Any thrown value as a RequestError. */
export const toRequestError = (error: unknown): RequestError =>
  error instanceof RequestError ? error : new RequestError('INTERNAL', String(error), { cause: error })
