import type { Monitor } from './monitor.ts'

/** Notifications that Postgres sends to all processes. */
export interface Events {
  /**
   * Yields once for any number of notifications of a channel with this payload since the last value, until the signal aborts; also
   * whenever some may have been missed.
   */
  follow(channel: string, payload: string, signal: AbortSignal): AsyncIterable<void>
  close(): void
}

/** Passes the notifications of one listening connection on to any number of followers. */
export function createEvents({ onNotification, onMissed }: Pick<Monitor, 'onNotification' | 'onMissed'>): Events {
  const closing = new AbortController()
  const followers = new Map<string, Set<() => void>>()
  const nameOf = (channel: string, payload: string) => `${channel}:${payload}`
  const stops = [
    onNotification(({ channel, payload }) => {
      for (const wake of followers.get(nameOf(channel, payload)) ?? []) wake()
    }),
    onMissed(() => {
      for (const wakes of followers.values()) for (const wake of wakes) wake()
    }),
  ]

  return {
    async *follow(channel, payload, signal) {
      const name = nameOf(channel, payload)
      const ended = AbortSignal.any([signal, closing.signal])
      // Only whether something was notified: a slow follower of a busy channel builds up no backlog.
      let notified = Promise.withResolvers<void>()
      const wake = () => notified.resolve()
      const wakes = followers.get(name) ?? new Set()
      followers.set(name, wakes.add(wake))
      ended.addEventListener('abort', wake)
      try {
        while (!ended.aborted) {
          await notified.promise
          notified = Promise.withResolvers()
          if (!ended.aborted) yield
        }
      } finally {
        ended.removeEventListener('abort', wake)
        wakes.delete(wake)
        if (wakes.size === 0) followers.delete(name)
      }
    },
    close() {
      closing.abort()
      for (const stop of stops) stop()
    },
  }
}
