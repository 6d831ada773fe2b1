import { hostname } from 'node:os'
import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import type { Events } from '../db/notifications.ts'
import { notify } from '../db/notify.ts'
import type { RenderPool } from '../render/pool.ts'

/** The channel on which an API tells that somebody waits for a picture that it makes; the payload is its host. */
export const INTERACTIVE_CHANNEL = 'afterimage_viewers'
const TELL_EVERY_MS = 500
/** A viewer's next click. */
const STAND_BACK_MS = 2000

/**
 * Tells the workers on this machine that viewers are waiting, at most twice a second: returns what to call for each.
 * Nobody waits for it, and one that is lost costs a slower picture.
 */
export function createInteractiveNotice(pg: Pg): () => void {
  let nextAt = 0
  return () => {
    const now = performance.now()
    if (now < nextAt) return
    nextAt = now + TELL_EVERY_MS
    notify(pg, INTERACTIVE_CHANNEL, hostname()).catch((error) =>
      logFailure('workers could not be told that viewers wait', error),
    )
  }
}

/**
 * Keeps a worker's renderers at half while an API on this machine makes pictures for viewers: a low priority alone lets
 * one in twenty wait behind what is on the processor. bench/yield.ts measures it.
 */
export function throttleForInteractive({ events, pool }: { events: Events; pool: RenderPool }): { close: () => void } {
  const closed = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const watch = async () => {
    for await (const _ of events.follow(INTERACTIVE_CHANNEL, hostname(), closed.signal)) {
      pool.limit(Math.ceil(pool.size / 2))
      clearTimeout(timer)
      timer = setTimeout(() => pool.limit(pool.size), STAND_BACK_MS)
    }
  }
  void watch()
  return {
    close() {
      clearTimeout(timer)
      closed.abort()
    },
  }
}
