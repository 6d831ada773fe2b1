import { acquire, type Connection, type Pg } from './database.ts'
import { acquireLockSlot, UNLOCK_ALL } from './locks.ts'

/** A connection of its own for locks that come and go one by one. Closing it releases them. */
export interface LockSession extends Connection {
  /** Its connection has ended, and its locks are gone. */
  readonly isBroken: boolean
  onBroken(listener: () => void): void
}

/** Rejects with UNAVAILABLE if the database is, or if locks hold all connections but one for 5 s. */
export async function openLockSession(pg: Pg): Promise<LockSession> {
  await using opening = new AsyncDisposableStack()
  opening.use(await acquireLockSlot(pg))
  const { client, discard } = opening.use(await acquire(pg))
  opening.defer(async () => {
    await UNLOCK_ALL.run(client).catch(discard)
  })
  let isBroken = false
  const listeners: (() => void)[] = []
  const onEnd = () => {
    isBroken = true
    discard()
    for (const listener of listeners) listener()
  }
  client.once('end', onEnd)
  opening.defer(() => void client.off('end', onEnd))
  const owner = opening.move()
  return {
    client,
    discard,
    get isBroken() {
      return isBroken
    },
    onBroken: (listener) => void listeners.push(listener),
    [Symbol.asyncDispose]: () => owner.disposeAsync(),
  }
}
