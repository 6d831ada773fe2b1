/** The result of a check. */
export interface Finding {
  /** A stable name, such as `failover`. */
  readonly check: string
  readonly status: 'OK' | 'WARNING' | 'ERROR'
  /** What was found, with the values. */
  readonly message: string
  /** What to do about it; null if nothing is wrong. */
  readonly remedy: string | null
}

export const ok = (check: string, message: string): Finding => ({ check, status: 'OK', message, remedy: null })

/** A warning or an error, which needs a remedy. */
export const bad = (
  status: 'WARNING' | 'ERROR',
  check: string,
  { message, remedy }: { message: string; remedy: string },
): Finding => ({ check, status, message, remedy })
