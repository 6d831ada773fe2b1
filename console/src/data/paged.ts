import { useEffect, useReducer, useState } from 'preact/hooks'
import { type RequestError, toRequestError } from './client.ts'

/** Nodes asked for at once: the most that a page of the API has is 100. */
export const PAGE_SIZE = 96
/** Pages kept on either side of those that are shown; others are asked for again by their cursors. */
const KEPT_AROUND = 3
/** Lists of this visit that Back finds again. */
const LISTS_MAX = 6

export interface Page<Node> {
  readonly nodes: readonly Node[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

export type LoadPage<Node> = (after: string | null, signal: AbortSignal) => Promise<Page<Node>>

/** A list of any length of which only what is near the screen is in memory. */
export interface PagedList<Node> {
  /** Known so far. */
  readonly length: number
  readonly hasMore: boolean
  readonly error: RequestError | null
  /** Undefined while it is being loaded. */
  readonly at: (index: number) => Node | undefined
  /** Loads what is between these indexes, and forgets what is far from them. */
  readonly show: (first: number, last: number) => void
  readonly retry: () => void
  /** Where the page was scrolled to when the list was left. */
  scrollY: number
}

const lists = new Map<string, PagedList<unknown> & { attach: (onChange: () => void) => () => void }>()

function createList<Node>(load: LoadPage<Node>) {
  /** The cursor after which each known page begins. */
  const starts: (string | null)[] = [null]
  const pages = new Map<number, readonly Node[]>()
  const loading = new Set<number>()
  let end: number | null = null
  let error: RequestError | null = null
  let range: readonly [number, number] = [0, PAGE_SIZE - 1]
  let onChange = () => {}
  let aborting = new AbortController()

  async function loadPage(index: number): Promise<void> {
    const after = starts[index]
    if (after === undefined || pages.has(index) || loading.has(index)) return
    loading.add(index)
    try {
      const { nodes, pageInfo } = await load(after, aborting.signal)
      pages.set(index, nodes)
      if (pageInfo.hasNextPage) starts[index + 1] = pageInfo.endCursor
      else end = index * PAGE_SIZE + nodes.length
      error = null
    } catch (thrown) {
      if (aborting.signal.aborted) return
      error = toRequestError(thrown)
    } finally {
      loading.delete(index)
    }
    onChange()
    if (!error) show(...range)
  }

  function show(first: number, last: number): void {
    range = [first, last]
    const from = Math.floor(first / PAGE_SIZE)
    const to = Math.floor(last / PAGE_SIZE) + 1
    for (const index of pages.keys()) {
      if (index < from - KEPT_AROUND || index > to + KEPT_AROUND) pages.delete(index)
    }
    for (let index = from; index <= to; index++) void loadPage(index)
  }

  return {
    get length() {
      return end ?? (starts.length - 1) * PAGE_SIZE
    },
    get hasMore() {
      return end === null
    },
    get error() {
      return error
    },
    at: (index: number) => pages.get(Math.floor(index / PAGE_SIZE))?.[index % PAGE_SIZE],
    show,
    retry: () => {
      error = null
      show(...range)
    },
    scrollY: 0,
    attach: (listener: () => void) => {
      aborting = new AbortController()
      onChange = listener
      // What was asked for before, by the grid's own effect or when the list was left.
      show(...range)
      return () => {
        aborting.abort()
        loading.clear()
        onChange = () => {}
      }
    },
  }
}

/**
 * A list by its key: the same key finds the same list again, with its place, until six others were opened.
 * @param load asks for one page of PAGE_SIZE nodes
 */
export function usePaged<Node>(key: string, load: LoadPage<Node>): PagedList<Node> {
  const [, redraw] = useReducer((turn: number) => turn + 1, 0)
  const [opened, setOpened] = useState<{ key: string; list: ReturnType<typeof createList<Node>> } | null>(null)
  let list = opened?.key === key ? opened.list : null
  if (!list) {
    const kept = lists.get(key) as ReturnType<typeof createList<Node>> | undefined
    list = kept ?? createList(load)
    lists.delete(key)
    lists.set(key, list)
    for (const old of lists.keys()) if (lists.size > LISTS_MAX) lists.delete(old)
    setOpened({ key, list })
  }
  useEffect(() => {
    const detach = list.attach(() => redraw(0))
    redraw(0)
    return detach
  }, [list])
  return list
}
