import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { causes, log } from '../core/log.ts'

/**
 * What a process knows of its database. UP; TROUBLED: some connections or statements fail, others do not (no room for more
 * connections, a full disk); READ_ONLY: reads work, writes do not (a standby, a fail-over); AWAY: it does not answer.
 */
export type DatabaseState = 'UP' | 'TROUBLED' | 'READ_ONLY' | 'AWAY'

export interface DatabaseHealth {
  readonly state: DatabaseState
  /** Why it is not UP; null when it is. */
  readonly cause: unknown
  /** A connection or statement failed by the server's fault. The monitor looks at once. */
  readonly report: (error: unknown) => void
  /** What the monitor has seen. Each change of state is one line in the log. */
  readonly set: (state: 'UP' | 'READ_ONLY' | 'AWAY', cause?: unknown) => void
  /** Calls back when it goes AWAY. Returns how to stop. */
  readonly onAway: (listener: (cause: unknown) => void) => () => void
  /** Resolves when what failed may work, reads and writes: after a second at least. Rejects when `signal` aborts. */
  readonly whenWritable: (signal: AbortSignal) => Promise<void>
  /** Resolves at the next report. Rejects when `signal` aborts. */
  readonly whenReported: (signal: AbortSignal) => Promise<void>
}

/** Without a new report for so long, and with good answers, a TROUBLED database is UP again. */
const QUIET_MS = 5000
/** Between two tries of what failed. */
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
      log.info('the database answers as it must again', { was: from, seconds: Math.round((Date.now() - since) / 1000) })
    else log.error('the database is in trouble', { state: to, cause: causes(why) })
    if (from === 'UP') since = Date.now()
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
      reported = { at: Date.now(), error }
      events.emit('report')
    },
    set(seen, why) {
      const isQuiet = !reported || Date.now() - reported.at > QUIET_MS
      // Once what they were about is over, old reports count no more.
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
