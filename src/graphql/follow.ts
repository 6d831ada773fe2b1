import { setTimeout as delay } from 'node:timers/promises'
import type { Context } from './builder.ts'
import { identify } from './identify.ts'

/** At most 4 updates a second. */
const NOTIFY_EVERY_MS = 250

/**
 * Yields the id immediately, on every visible change, and at the end; then completes.
 * @param options.channel on which changes are notified with the id as payload
 * @param options.hasEnded reads the current state and clears the loaders' caches of it; throws NOT_FOUND
 */
export async function* followChanges(
  id: number,
  context: Context,
  options: { readonly channel: string; readonly hasEnded: () => Promise<boolean> },
): AsyncIterable<{ id: number }> {
  const { app, request } = context
  const closing = new AbortController()
  const signal = AbortSignal.any([request.signal, closing.signal])
  // Subscribed before the first check, so that no change is missed in between.
  const changes = app.events.follow(options.channel, String(id), signal)[Symbol.asyncIterator]()
  let change = changes.next()
  try {
    for (;;) {
      // A token may have been revoked since.
      await identify(app, context)
      const ended = await options.hasEnded()
      yield { id }
      if (ended) return
      await delay(NOTIFY_EVERY_MS, undefined, { signal }).catch(() => {})
      if ((await change).done) return
      change = changes.next()
    }
  } finally {
    closing.abort()
  }
}
