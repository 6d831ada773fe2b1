import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../core/errors.ts'
import { type LatestImage, readLatest } from '../variants/latest.ts'
import type { Context } from './builder.ts'
import { checkStillAllowed } from './identify.ts'

/** At most 4 updates a second. */
const NOTIFY_EVERY_MS = 250
/** How often a caller is checked while nothing changes: with the time that a look-up is kept (access.ts), within the 5 s that are promised. */
const CHECK_EVERY_MS = 1500

/**
 * Yields the id immediately, on every visible change, and at the end; then completes. Throws FORBIDDEN once the caller's token is revoked or
 * has expired, also if nothing changes.
 * @param options.channel on which changes are notified with the id as payload
 * @param options.hasEnded reads the current state and clears the loaders' caches of it; throws NOT_FOUND
 */
export async function* followChanges(
  id: number,
  context: Context,
  options: { readonly channel: string; readonly hasEnded: () => Promise<boolean> },
): AsyncIterable<{ id: number }> {
  const { app } = context
  const left = new AbortController()
  const signal = AbortSignal.any([endOf(context), left.signal])
  // Subscribed before the first check, so that no change is missed in between.
  const changes = app.events.follow(options.channel, String(id), signal)[Symbol.asyncIterator]()
  let change = changes.next()
  try {
    for (;;) {
      await checkStillAllowed(context)
      const ended = await options.hasEnded()
      yield { id }
      if (ended) return
      await delay(NOTIFY_EVERY_MS, undefined, { signal }).catch(() => {})
      const next = await whileAllowed(change, context)
      if (next.done) return context.closing.aborted ? connectElsewhere() : undefined
      change = changes.next()
    }
  } finally {
    left.abort()
  }
}

/** What arrives; throws FORBIDDEN if the caller is refused before. While that cannot be found out, nobody can revoke a token either. */
async function whileAllowed<T>(arriving: Promise<T>, context: Context): Promise<T> {
  const refused = Promise.withResolvers<never>()
  const check = () =>
    checkStillAllowed(context).catch((error) => {
      if (error instanceof AppError && error.code === 'FORBIDDEN') refused.reject(error)
    })
  const timer = setInterval(() => void check(), CHECK_EVERY_MS)
  return await Promise.race([arriving, refused.promise]).finally(() => clearInterval(timer))
}

/**
 * Why these two poll: a notification for every picture would serialise the commits of all renders, whether somebody watches or not,
 * while a look-up a second costs less than a page.
 */
const POLL_IMAGES_MS = 1000
const POLL_OPERATIONS_MS = 2000
/** Yields the pictures made since the last value, newest first, at most `max`; nothing while none is made. */
export async function* followLatest(context: Context, max: number): AsyncIterable<readonly LatestImage[]> {
  let known = new Set<string>()
  let isFirst = true
  for await (const _ of ticks(POLL_IMAGES_MS, context)) {
    const latest = (await readLatest(context.app.pg, max)).map((image) => ({
      image,
      name: `${image.objectKey} ${image.madeAt.getTime()}`,
    }))
    const made = latest.filter(({ image, name }) => image.isRecent && !known.has(name))
    known = new Set(latest.map(({ name }) => name))
    // The first message says that the client is connected, even if there is nothing to show.
    if (isFirst || made.length > 0) yield made.map(({ image }) => image)
    isFirst = false
  }
}

/** Yields immediately and then every 2 s. */
export const everyFewSeconds = (context: Context): AsyncIterable<void> => ticks(POLL_OPERATIONS_MS, context)

/** Until the client disconnects or the process stops. Throws FORBIDDEN once its token is revoked or has expired. */
async function* ticks(everyMs: number, context: Context): AsyncIterable<void> {
  const signal = endOf(context)
  while (!signal.aborted) {
    await checkStillAllowed(context)
    yield
    await delay(everyMs, undefined, { signal }).catch(() => {})
  }
  if (context.closing.aborted) connectElsewhere()
}

/** Aborts when the client disconnects or this process stops. */
const endOf = ({ request, closing }: Context): AbortSignal => AbortSignal.any([request.signal, closing])

/** The last message of a subscription on a process that stops. */
function connectElsewhere(): never {
  throw new AppError('RESTARTING', 'This API process is stopping: subscribe again in a second, on another one.', {
    retryAfterS: 1,
    isLogged: true,
  })
}
