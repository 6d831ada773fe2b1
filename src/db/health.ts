import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { causes, log } from '../core/log.ts'

/**
 * What a process knows about its database. UP; TROUBLED: some connections or statements fail, others do not (too many connections, a full
 * disk); READ_ONLY: reads work, writes do not (a standby, a fail-over); AWAY: it does not answer.
 */
export type DatabaseState = 'UP' | 'TROUBLED' | 'READ_ONLY' | 'AWAY'

export interface DatabaseHealth {
  readonly state: DatabaseState
  /** Why it is not UP; null if it is. */
  readonly cause: unknown
  /** Reports a connection or statement that failed by the server's fault. The monitor then probes immediately. */
  readonly report: (error: unknown) => void
  /** Sets the state that the monitor has found. Each change of state logs one line. */
  readonly set: (state: 'UP' | 'READ_ONLY' | 'AWAY', cause?: unknown) => void
  /** Calls back when it goes AWAY. Returns the function that unsubscribes. */
  readonly onAway: (listener: (cause: unknown) => void) => () => void
  /** Resolves when reads and writes may work again: after at least a second. Rejects when `signal` aborts. */
  readonly whenWritable: (signal: AbortSignal) => Promise<void>
  /** Resolves at the next report. Rejects when `signal` aborts. */
  readonly whenReported: (signal: AbortSignal) => Promise<void>
}

/** A TROUBLED database is UP again after this long without a new report and with successful probes. */
const QUIET_MS = 5000
/** Delay between retries. */
const PAUSE_MS = 1000

export function createHealth(): DatabaseHealth {
  const events = new EventEmitter().setMaxListeners(0)
  let state: DatabaseState = 'UP'
  let cause: unknown = null
  let since = 0
  let reported: { at: number; error: unknown } | null = null

  function change(to: DatabaseState, why: unknown): void {
    if (to === state) return
    const from = state
    state = to
    cause = why
    if (to === 'UP')
      log.info('the database is available again', {
        was: from,
        seconds: Math.round((performance.now() - since) / 1000),
      })
    else log.error('the database is unavailable or degraded', { state: to, cause: causes(why) })
    if (from === 'UP') since = performance.now()
    events.emit(to === 'AWAY' ? 'away' : 'changed', why)
  }

  const isWritable = () => state === 'UP' || state === 'TROUBLED'

  return {
    get state() {
      return state
    },
    get cause() {
      return cause
    },
    report(error) {
      reported = { at: performance.now(), error }
      events.emit('report')
    },
    set(seen, why) {
      const isQuiet = !reported || performance.now() - reported.at > QUIET_MS
      // Reports from before this state no longer count.
      if (seen === 'AWAY' || (seen === 'UP' && !isWritable())) reported = null
      else if (seen === 'UP' && !isQuiet) return change('TROUBLED', reported?.error)
      change(seen, why)
    },
    onAway(listener) {
      events.on('away', listener)
      return () => events.off('away', listener)
    },
    async whenWritable(signal) {
      await delay(PAUSE_MS, undefined, { signal })
      while (!isWritable()) await once(events, 'changed', { signal })
      signal.throwIfAborted()
    },
    async whenReported(signal) {
      await once(events, 'report', { signal })
    },
  }
}
