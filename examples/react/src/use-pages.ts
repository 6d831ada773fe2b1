import type { CardFields } from '@afterimage/client'
import { useCallback, useEffect, useRef, useState } from 'react'

/** A page of a connection, and what else the first page contains. */
export interface Page<About> {
  readonly nodes: readonly CardFields[]
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
  readonly about: About
}

interface Pages<About> {
  readonly cards: readonly CardFields[]
  /** Null until the first page has loaded. */
  readonly about: About | null
  readonly error: Error | null
  /** Call it when the end of the list is near; does nothing while a page is loading or after the last one. */
  readonly loadMore: () => void
}

type Ask<About> = (after: string | null, signal: AbortSignal) => Promise<Page<About>>

interface State<About> {
  readonly ask: Ask<About> | null
  readonly cards: readonly CardFields[]
  readonly about: About | null
  readonly after: string | null
  readonly hasMore: boolean
  readonly error: Error | null
}

const EMPTY = { ask: null, cards: [], about: null, after: null, hasMore: true, error: null }

/**
 * A list that loads page after page by cursors. A different `ask` restarts it, so keep the function stable (useCallback); the previous
 * cards stay until the first new ones have loaded.
 */
export function usePages<About>(ask: Ask<About>): Pages<About> {
  const [state, setState] = useState<State<About>>(EMPTY)
  const loading = useRef<AbortController | null>(null)

  const load = useCallback(
    async (after: string | null) => {
      const abort = new AbortController()
      loading.current = abort
      try {
        const { nodes, pageInfo, about } = await ask(after, abort.signal)
        setState((before) => ({
          ask,
          cards: after === null ? nodes : [...before.cards, ...nodes],
          about: after === null ? about : before.about,
          after: pageInfo.endCursor,
          hasMore: pageInfo.hasNextPage,
          error: null,
        }))
      } catch (error) {
        if (!abort.signal.aborted) setState((before) => ({ ...before, ask, hasMore: false, error: error as Error }))
      } finally {
        if (loading.current === abort) loading.current = null
      }
    },
    [ask],
  )

  useEffect(() => {
    void load(null)
    return () => loading.current?.abort()
  }, [load])

  const { cards, about, after, hasMore, error } = state
  const isCurrent = state.ask === ask
  const loadMore = useCallback(() => {
    if (isCurrent && hasMore && !loading.current) void load(after)
  }, [isCurrent, hasMore, after, load])
  return { cards, about, error, loadMore }
}
