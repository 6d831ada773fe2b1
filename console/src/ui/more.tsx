import { useCallback, useEffect, useState } from 'preact/hooks'
import { type RequestError, toRequestError } from '../data/client.ts'
import type { LoadPage } from '../data/paged.ts'
import { Button } from './button.tsx'
import { Problem } from './notice.tsx'

/**
 * A list that grows by a page at a time when asked, for tables. Forgotten with the page; grids of any length use usePaged.
 * @param load must be the same function until another list is meant
 */
export function useMore<Node>(load: LoadPage<Node>) {
  const [state, setState] = useState<{
    load: LoadPage<Node>
    nodes: readonly Node[] | null
    after: string | null
    hasMore: boolean
  }>({ load, nodes: null, after: null, hasMore: true })
  const [error, setError] = useState<RequestError | null>(null)
  const [isLoading, setLoading] = useState(true)
  const [turn, setTurn] = useState(0)
  const isCurrent = state.load === load
  const add = useCallback(
    async (after: string | null, signal: AbortSignal) => {
      setLoading(true)
      try {
        const { nodes, pageInfo } = await load(after, signal)
        setState((last) => ({
          load,
          nodes: after === null || last.load !== load ? nodes : [...(last.nodes ?? []), ...nodes],
          after: pageInfo.endCursor,
          hasMore: pageInfo.hasNextPage,
        }))
        setError(null)
      } catch (thrown) {
        if (signal.aborted) return
        setError(toRequestError(thrown))
      }
      setLoading(false)
    },
    [load],
  )
  useEffect(() => {
    const aborting = new AbortController()
    if (turn >= 0) void add(null, aborting.signal)
    return () => aborting.abort()
  }, [add, turn])
  return {
    nodes: isCurrent ? state.nodes : null,
    hasMore: state.hasMore,
    error,
    isLoading,
    reload: useCallback(() => setTurn((last) => last + 1), []),
    more: () => void add(state.after, new AbortController().signal),
  }
}

/** Below a table: more of it, or why it cannot be had. */
export function More({ list, what }: { list: ReturnType<typeof useMore>; what: string }) {
  if (list.error) return <Problem error={list.error} what={what} onRetry={list.nodes ? list.more : list.reload} />
  if (!list.nodes || !list.hasMore) return null
  return (
    <p>
      <Button isBusy={list.isLoading} onClick={list.more}>
        Show more
      </Button>
    </p>
  )
}
