import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type Operation, type RequestError, request, toRequestError } from './client.ts'

export interface Query<Result> {
  /** The last answer; kept while it is asked again, and when that fails. */
  readonly data: Result | null
  readonly error: RequestError | null
  readonly isLoading: boolean
  readonly reload: () => void
  /** Replaces the answer, when a mutation or an event has brought a newer one. */
  readonly set: (data: Result) => void
}

/** Answers of this visit, so that Back shows a page at once and asks again behind it. */
const answers = new Map<string, unknown>()
const ANSWERS_MAX = 60

function remember(key: string, data: unknown): void {
  answers.delete(key)
  answers.set(key, data)
  for (const old of answers.keys()) {
    if (answers.size <= ANSWERS_MAX) return
    answers.delete(old)
  }
}

/** Time between tries while the service does not answer. */
const RETRY_MS = 3000

/**
 * Asks when first shown, when the variables change, and every `everyMs` while the page is visible.
 * @param options.skip asks nothing while true
 */
export function useQuery<Result, Variables>(
  operation: Operation<Result, Variables>,
  variables: Variables,
  { everyMs = 0, skip = false }: { everyMs?: number; skip?: boolean } = {},
): Query<Result> {
  const text = JSON.stringify(variables)
  const key = operation.name + text
  const [state, setState] = useState({ key, data: null as Result | null, error: null as RequestError | null })
  const [isLoading, setLoading] = useState(!skip)
  const askNow = useRef(() => {})

  useEffect(() => {
    if (skip) return setLoading(false)
    const asked = operation.name + text
    const aborting = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const again = (afterMs: number) => {
      clearTimeout(timer)
      timer = setTimeout(() => (document.hidden ? again(afterMs) : void ask()), afterMs)
    }
    async function ask(): Promise<void> {
      setLoading(true)
      try {
        const data = await request(operation, JSON.parse(text) as Variables, aborting)
        remember(asked, data)
        setState({ key: asked, data, error: null })
        if (everyMs) again(everyMs)
      } catch (thrown) {
        if (aborting.signal.aborted) return
        const error = toRequestError(thrown)
        setState((last) => ({ key: asked, data: last.key === asked ? last.data : null, error }))
        if (error.code === 'OFFLINE' || everyMs) again(Math.max(RETRY_MS, everyMs))
      }
      setLoading(false)
    }
    askNow.current = () => void ask()
    void ask()
    return () => {
      aborting.abort()
      clearTimeout(timer)
    }
  }, [operation, text, everyMs, skip])

  const reload = useCallback(() => askNow.current(), [])
  const set = useCallback(
    (data: Result) => {
      remember(key, data)
      setState({ key, data, error: null })
    },
    [key],
  )
  const current = state.key === key ? state : null
  const data = current?.data ?? (answers.get(key) as Result | undefined) ?? null
  return { data, error: current?.error ?? null, isLoading: isLoading || (!current && !skip), reload, set }
}

/** Runs a mutation on demand. `run` resolves to null if it failed: the error is in `error`. */
export function useMutation<Result, Variables>(operation: Operation<Result, Variables>) {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<RequestError | null>(null)
  const run = useCallback(
    async (variables: Variables): Promise<Result | null> => {
      setBusy(true)
      setError(null)
      try {
        return await request(operation, variables)
      } catch (thrown) {
        setError(toRequestError(thrown))
        return null
      } finally {
        setBusy(false)
      }
    },
    [operation],
  )
  return { run, isBusy, error }
}
