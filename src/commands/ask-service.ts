import { AppError, isErrorCode } from '../core/errors.ts'
import { causes } from '../core/log.ts'

/** Sends a GraphQL document and returns its data. Throws AppError with the service's own sentence and code, UNAVAILABLE if none answers. */
export type Ask = <T>(query: string, variables?: object) => Promise<T>

/** The slowest, such as the plan of a backfill of ten million items, take some seconds. */
const ANSWER_LIMIT_MS = 60_000

/** A service to ask, over HTTP like any client. */
export function askService({ url, token }: { readonly url: string; readonly token: string }): Ask {
  return async <T>(query: string, variables: object = {}): Promise<T> => {
    const response = await fetch(new URL('/graphql', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    }).catch((error) => {
      const reason = isTimeout(error) ? `nothing within ${ANSWER_LIMIT_MS / 1000} s` : causes(error)
      throw new AppError(
        'UNAVAILABLE',
        `No service answers at ${url} (${reason}): start it, or set its address in AFTERIMAGE_URL.`,
      )
    })
    const { data, errors } = await read<T>(response, url)
    const [error] = errors
    if (!error) return data
    const { code = '' } = error.extensions ?? {}
    throw new AppError(isErrorCode(code) ? code : 'BAD_INPUT', error.message)
  }
}

interface Answer<T> {
  readonly data: T
  readonly errors: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}

async function read<T>(response: Response, url: string): Promise<Answer<T>> {
  try {
    const { data, errors = [] } = (await response.json()) as Partial<Answer<T>>
    return { data: data as T, errors }
  } catch (error) {
    if (isTimeout(error))
      throw new AppError('UNAVAILABLE', `${url} did not answer within ${ANSWER_LIMIT_MS / 1000} s: look at its log.`)
    throw new AppError(
      'UNAVAILABLE',
      `${url} answered ${response.status} without JSON: it is no Afterimage, or a proxy answers for it.`,
    )
  }
}

const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === 'TimeoutError'
