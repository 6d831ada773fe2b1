import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { headers, type Operation, RequestError, resultOf } from './client.ts'

/** Since when a live connection has been lost, by Date.now(); null while all are there. The shell shows it. */
export const lostSince = signal<number | null>(null)

const lost = new Set<object>()
function setLost(connection: object, isLost: boolean): void {
  if (isLost) lost.add(connection)
  else lost.delete(connection)
  if (lost.size === 0) lostSince.value = null
  else lostSince.value ??= Date.now()
}

/** Waits between connections: a second, then longer, up to ten. */
const waitMs = (failures: number) => Math.min(10_000, 1000 * 2 ** Math.min(failures, 4))

/**
 * Follows a subscription while shown, over server-sent events, and connects again when the connection is lost. A hidden tab follows
 * nothing: a browser has six connections for all tabs of a service, unless a proxy speaks HTTP/2 in front of it.
 * @param options.skip follows nothing while true
 * @param options.onEnd called when the service has completed it
 */
export function useLive<Result, Variables>(
  operation: Operation<Result, Variables>,
  variables: Variables,
  { onData, onEnd, skip = false }: { onData: (data: Result) => void; onEnd?: () => void; skip?: boolean },
): void {
  const handlers = useRef({ onData, onEnd })
  handlers.current = { onData, onEnd }
  const text = JSON.stringify(variables)
  useEffect(() => {
    if (skip) return
    let aborting = new AbortController()
    const connection = {}
    const follow = async ({ signal }: AbortController) => {
      for (let failures = 0; !signal.aborted; ) {
        try {
          for await (const data of subscribe(operation, JSON.parse(text) as Variables, signal)) {
            failures = 0
            setLost(connection, false)
            handlers.current.onData(data)
          }
          handlers.current.onEnd?.()
          return
        } catch (error) {
          // An answer that refuses it is final; the page's queries say why.
          if (error instanceof RequestError && error.code !== 'OFFLINE') return
          if (signal.aborted) return
          setLost(connection, true)
        }
        await new Promise((resolve) => setTimeout(resolve, waitMs(failures++)))
      }
    }
    const restart = () => {
      aborting.abort()
      setLost(connection, false)
      if (document.hidden) return
      aborting = new AbortController()
      void follow(aborting)
    }
    restart()
    document.addEventListener('visibilitychange', restart)
    return () => {
      document.removeEventListener('visibilitychange', restart)
      aborting.abort()
      setLost(connection, false)
    }
  }, [operation, text, skip])
}

/** The results of a subscription until the service completes it. Throws RequestError; OFFLINE if the connection was lost. */
async function* subscribe<Result, Variables>(
  { text, name }: Operation<Result, Variables>,
  variables: Variables,
  signal: AbortSignal,
): AsyncGenerator<Result> {
  const offline = (cause?: unknown) => new RequestError('OFFLINE', 'The connection was lost.', { cause })
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers() },
    body: JSON.stringify({ query: text, operationName: name, variables }),
    signal,
  }).catch((error: unknown) => {
    throw offline(error)
  })
  if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
    if (response.status >= 502) throw offline()
    resultOf(await response.json().catch(() => null), response.status)
    return
  }
  for await (const { event, data } of readEvents(response.body)) {
    if (event === 'complete') return
    if (event === 'next' && data) yield resultOf<Result>(JSON.parse(data))
  }
  throw offline()
}

/** Server-sent events as the standard's parser reads them; what the service sends has only `event` and `data`. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<{ event: string; data: string }> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const blocks = (rest + value).split(/\r?\n\r?\n/)
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const lines = block.split(/\r?\n/).map((line) => /^(\w+):\s?(.*)$/.exec(line))
        const valuesOf = (field: string) => lines.flatMap((line) => (line?.[1] === field ? [line[2] ?? ''] : []))
        yield { event: valuesOf('event')[0] ?? 'message', data: valuesOf('data').join('\n') }
      }
    }
  } catch (error) {
    throw new RequestError('OFFLINE', 'The connection was lost.', { cause: error })
  } finally {
    void reader.cancel().catch(() => {})
  }
}
