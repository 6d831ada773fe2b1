import type { TypedDocument } from './documents.ts'

/** An error response from the service. */
export class AfterimageError extends Error {
  override readonly name = 'AfterimageError'
  /** A stable code, such as BAD_INPUT; NO_ANSWER if the response was not a GraphQL response. */
  readonly code: string
  /** HTTP status. */
  readonly status: number

  constructor(message: string, { code, status }: { code: string; status: number }) {
    super(message)
    this.code = code
    this.status = status
  }
}

export interface AfterimageClient {
  /**
   * Runs an operation. Throws an AfterimageError for a response with errors, a TypeError if the request fails, and the signal's reason if
   * it is aborted.
   */
  readonly request: <Result, Variables>(
    document: TypedDocument<Result, Variables>,
    variables: Variables,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<Result>
}

/**
 * @param url the address of the service without /graphql, such as https://api.example.com
 * @param token for operations that need one; never use it in a page that others can read
 */
export function createClient({ url, token }: { readonly url: string; readonly token?: string }): AfterimageClient {
  const endpoint = `${url.replace(/\/+$/, '')}/graphql`
  return {
    async request(document, variables, options) {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
        body: JSON.stringify({ query: document, variables }),
        signal: options?.signal ?? null,
      })
      const { status } = response
      const answer = (await response.json().catch(nullIfNotJson)) as Answer | null
      const [error] = answer?.errors ?? []
      if (error) throw new AfterimageError(error.message, { code: error.extensions?.code ?? 'NO_ANSWER', status })
      if (!answer?.data) throw new AfterimageError(`${endpoint} answered ${status}.`, { code: 'NO_ANSWER', status })
      return answer.data as never
    },
  }
}

/** Only a body that is not JSON is no answer; otherwise the request failed while its body was read. */
function nullIfNotJson(error: unknown): null {
  if (error instanceof SyntaxError) return null
  throw error
}

interface Answer {
  readonly data?: unknown
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}
