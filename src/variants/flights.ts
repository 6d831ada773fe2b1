/** Work that is in progress for all that wait for its result. */
interface Flight<T> {
  readonly result: Promise<T>
  readonly abort: AbortController
  /** From then on it is done, whoever waits. */
  isStarted: boolean
  waiting: number
}

interface Work<T> {
  readonly result: T
  /** Never rejects: whoever asks until then gets the same result. */
  readonly settled?: Promise<void>
}

export interface Start {
  /** Aborts when nobody waits any more, and the work has not started. */
  readonly signal: AbortSignal
  readonly onStart: () => void
}

export interface Flights<T> {
  /** The result of the work in progress under this key, or undefined. When the last that waits aborts, it is aborted unless it has started. */
  join(key: string, signal: AbortSignal): Promise<T> | undefined
  start(key: string, work: (start: Start) => Promise<Work<T>>): void
}

/** Does the same work once for all that ask for it at the same time. */
export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>()

  async function wait(flight: Flight<T>, signal: AbortSignal): Promise<T> {
    flight.waiting++
    const leave = () => {
      if (--flight.waiting === 0 && !flight.isStarted) flight.abort.abort()
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    return await flight.result.finally(() => signal.removeEventListener('abort', leave))
  }

  return {
    join(key, signal) {
      const flight = flights.get(key)
      return flight && !flight.abort.signal.aborted ? wait(flight, signal) : undefined
    },
    start(key, work) {
      const abort = new AbortController()
      const onStart = () => {
        flight.isStarted = true
      }
      const done = work({ signal: abort.signal, onStart })
      const flight: Flight<T> = { result: done.then(({ result }) => result), abort, isStarted: false, waiting: 0 }
      flights.set(key, flight)
      const settled = done.then((outcome) => outcome.settled).catch(() => {})
      void settled.then(() => flights.get(key) === flight && flights.delete(key))
    },
  }
}
