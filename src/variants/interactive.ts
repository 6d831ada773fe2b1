import { hostname } from 'node:os'
import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import type { Events } from '../db/notifications.ts'
import { notify } from '../db/notify.ts'
import type { RenderPool } from '../render/contract.ts'

/** The channel on which an API announces that a viewer is waiting for a picture; the payload is its host. */
export const INTERACTIVE_CHANNEL = 'afterimage_viewers'
const NOTIFY_EVERY_MS = 500
/** About the time to a viewer's next click. */
const THROTTLE_MS = 2000

/**
 * Returns a function that notifies the workers on this machine that a viewer is waiting, at most twice a second. It does not block; a
 * lost notification only makes a picture slower.
 */
export function createInteractiveNotice(pg: Pg): () => void {
  let nextAt = 0
  return () => {
    const now = performance.now()
    if (now < nextAt) return
    nextAt = now + NOTIFY_EVERY_MS
    notify(pg, INTERACTIVE_CHANNEL, hostname()).catch((error) =>
      logFailure('workers could not be notified of waiting viewers', error),
    )
  }
}

/** The viewers of APIs on this machine, as a worker knows them. */
export interface Viewers {
  /** Whether one has waited for a picture within the last two seconds. */
  areWaiting(): boolean
  close(): void
}

/**
 * Limits a worker to half of its renderers while an API on this machine makes pictures for viewers: with low priority alone, one picture
 * in twenty waits for a busy processor. bench/yield.ts measures it.
 */
export function throttleForInteractive({ events, pool }: { events: Events; pool: RenderPool }): Viewers {
  const closed = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    timer = undefined
    pool.limit(pool.size)
  }
  const watch = async () => {
    for await (const _ of events.follow(INTERACTIVE_CHANNEL, hostname(), closed.signal)) {
      pool.limit(Math.ceil(pool.size / 2))
      clearTimeout(timer)
      timer = setTimeout(end, THROTTLE_MS)
    }
  }
  void watch()
  return {
    areWaiting: () => timer !== undefined,
    close() {
      clearTimeout(timer)
      timer = undefined
      closed.abort()
    },
  }
}
