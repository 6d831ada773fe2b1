/** Statuses of error answers to pictures on the page, by URL. */
type Listener = (status: number) => void

const listeners = new Map<string, Set<Listener>>()

const nameOf = (url: string) => new URL(url, location.href).href.replace(/#.*/, '')

/**
 * An overloaded service answers with a stand-in as the body, which a browser shows as if it were the picture: only the status tells. It is
 * read by an observer, which hears of every answer even when the buffer of entries is full. Pictures of another origin have none.
 */
new PerformanceObserver((list) => {
  for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
    // Not every browser has it.
    if (!(entry.responseStatus >= 400)) continue
    for (const listener of listeners.get(nameOf(entry.name)) ?? []) listener(entry.responseStatus)
  }
}).observe({ type: 'resource' })

/** Calls `listener` when the picture at this URL comes with the status of an error. Returns what ends it. */
export function onErrorStatus(url: string, listener: Listener): () => void {
  const name = nameOf(url)
  const ofUrl = listeners.get(name) ?? new Set()
  listeners.set(name, ofUrl.add(listener))
  return () => {
    ofUrl.delete(listener)
    if (ofUrl.size === 0) listeners.delete(name)
  }
}
