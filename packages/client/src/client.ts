import type { TypedDocument } from './documents.ts'

/** What the service answered instead of data. */
export class AfterimageError extends Error {
  override readonly name = 'AfterimageError'
  /** A stable code, such as BAD_INPUT; NO_ANSWER where the answer was not GraphQL's. */
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
   * Runs an operation. Throws an AfterimageError for an answer with errors, TypeError when no answer comes, and the signal's reason when
   * that is aborted.
   */
  readonly request: <Result, Variables>(
    document: TypedDocument<Result, Variables>,
    variables: Variables,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<Result>
}

/**
 * @param url of the service, such as https://api.example.com, without /graphql
 * @param token for what is not for everybody; never in a page that others read
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
      const answer = (await response.json().catch(() => ({}))) as Answer
      const [error] = answer.errors ?? []
      if (error) throw new AfterimageError(error.message, { code: error.extensions?.code ?? 'NO_ANSWER', status })
      if (!answer.data) throw new AfterimageError(`${endpoint} answered ${status}.`, { code: 'NO_ANSWER', status })
      return answer.data as never
    },
  }
}

interface Answer {
  readonly data?: unknown
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}
