import { AppError } from '../core/errors.ts'
import { log } from '../core/log.ts'

/** After this long a close that hangs is aborted: a supervisor would send SIGKILL next. */
const CLOSE_LIMIT_MS = 20_000

/**
 * The life of a process: open, run until SIGINT, SIGTERM or the parent's end, close, exit.
 * A failure to open is one clear sentence on stderr and exit code 1; a second signal ends the process at once.
 * @param open returns how to close
 */
export async function runProcess(
  open: (stop: (reason: string) => void) => Promise<() => Promise<void>>,
): Promise<void> {
  let stop: (exitCode: number) => void = () => {}
  const stopped = new Promise<number>((resolve) => {
    stop = resolve
  })
  const onSignal = () => {
    process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
    stop(0)
  }
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  // A child of `npm start` ends when its parent was killed.
  process.once('disconnect', () => stop(0))
  try {
    const close = await open((reason) => {
      log.error(reason)
      stop(1)
    })
    const exitCode = await stopped
    setTimeout(() => process.exit(1), CLOSE_LIMIT_MS).unref()
    await close()
    process.exit(exitCode)
  } catch (error) {
    complain(error)
    process.exit(1)
  }
}

/** The life of a command: its result is the exit code; a refusal is one clear sentence on stderr and exit code 1. */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main()
  } catch (error) {
    complain(error)
    process.exitCode = 1
  }
}

const complain = (error: unknown) =>
  process.stderr.write(error instanceof AppError ? `${error.message}\n` : `${(error as Error)?.stack ?? error}\n`)
