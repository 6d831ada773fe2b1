import { AppError } from '../core/errors.ts'
import { log } from '../core/log.ts'
import { isStartedByNpm } from '../core/started-by-npm.ts'

/** A close that hangs longer than this is aborted: a supervisor would send SIGKILL next. */
const CLOSE_LIMIT_MS = 20_000
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Ctrl-C arrives twice, from the terminal and from npm: only a later signal means that the user wants to force the exit. */
const SECOND_SIGNAL_AFTER_MS = 1000
const CHECK_PARENT_EVERY_MS = 500

/** What runs, until it is asked to stop. */
export interface Running {
  /** Called first after SIGTERM, which comes from whoever replaces processes: a person at a terminal would have to wait for nothing. */
  readonly drain?: () => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * Runs a process: opens, runs until SIGINT, SIGTERM, SIGHUP or the parent's exit, closes, exits. If opening fails, prints one sentence on
 * stderr and exits with code 1; a second signal, a second later, ends the process immediately.
 */
export async function runProcess(open: (stop: (reason: string) => void) => Promise<Running>): Promise<void> {
  const { promise: stopped, resolve } = Promise.withResolvers<{ exitCode: number; signal: NodeJS.Signals | null }>()
  const stop = (exitCode: number, signal: NodeJS.Signals | null = null) => resolve({ exitCode, signal })
  let firstSignalAt: number | null = null
  const onSignal = (signal: NodeJS.Signals, number: number) => {
    if (firstSignalAt !== null && performance.now() - firstSignalAt >= SECOND_SIGNAL_AFTER_MS)
      process.exit(128 + number)
    firstSignalAt ??= performance.now()
    stop(0, signal)
  }
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal)
  // A child of `npm start` ends if its parent was killed.
  process.once('disconnect', () => stop(0))
  if (isStartedByNpm()) onParentGone(() => stop(0))
  try {
    const { drain, close } = await open((reason) => {
      log.error(reason)
      stop(1)
    })
    const { exitCode, signal } = await stopped
    if (signal === 'SIGTERM') await drain?.()
    setTimeout(() => process.exit(1), CLOSE_LIMIT_MS).unref()
    await close()
    process.exit(exitCode)
  } catch (error) {
    complain(error)
    process.exit(1)
  }
}

/** npm forwards SIGINT and SIGTERM only; any other signal ends npm alone. */
function onParentGone(stop: () => void): void {
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && stop(), CHECK_PARENT_EVERY_MS).unref()
}

/** Exit code of a wrong command line; 1 is that of any other failure. */
export const USAGE = 2

/** What is wrong with a command line that has the right form. */
export class UsageError extends AppError {
  constructor(message: string) {
    super('BAD_INPUT', message)
  }
}

/** The action of a command: its result is the exit code. An AppError is one sentence on stderr. */
export function run<Args extends unknown[]>(main: (...args: Args) => Promise<number>) {
  return async (...args: Args): Promise<void> => {
    try {
      process.exitCode = await main(...args)
    } catch (error) {
      complain(error)
      process.exitCode = error instanceof UsageError ? USAGE : 1
    }
  }
}

const complain = (error: unknown) =>
  process.stderr.write(error instanceof AppError ? `${error.message}\n` : `${(error as Error)?.stack ?? error}\n`)
