/** Writes now what was collected, or at last what is left. */
export interface PeriodicFlush {
  /** After the flush that is in progress, so that whoever waits for it waits for both. */
  flush(): Promise<void>
  /** Flushes for the last time. */
  close(): Promise<void>
}

const FLUSH_EVERY_MS = 10_000

/**
 * Writes every ten seconds what requests only collect in memory, one write at a time.
 * @param write must not reject: nobody waits for most of its calls
 */
export function flushPeriodically(write: () => Promise<void>): PeriodicFlush {
  let flushing = Promise.resolve()
  function flush(): Promise<void> {
    flushing = flushing.then(write)
    return flushing
  }
  const timer = setInterval(() => void flush(), FLUSH_EVERY_MS).unref()
  return {
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
