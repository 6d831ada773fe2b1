import { writeFile } from 'node:fs/promises'
import { logFailure } from './log-failure.ts'

/** Whoever reads the file allows a minute. */
const EVERY_MS = 10_000

/**
 * Writes the time to a file at once and every ten seconds, until it is closed: for health checks that start no Node of their own.
 * @param path null: nothing is written
 * @param isAlive called before; after an error the file keeps its age
 */
export function openHeartbeatFile(
  path: string | null,
  isAlive: () => Promise<unknown>,
): { close: () => Promise<void> } {
  if (path === null) return { close: async () => {} }
  async function writeHeartbeat(file: string): Promise<void> {
    try {
      await isAlive()
      await writeFile(file, `${new Date().toISOString()}\n`)
    } catch (error) {
      logFailure('the heartbeat file could not be written', error, { severity: 'error', file })
    }
  }
  let beating = writeHeartbeat(path)
  const timer = setInterval(() => {
    beating = beating.then(() => writeHeartbeat(path))
  }, EVERY_MS)
  return {
    close() {
      clearInterval(timer)
      return beating
    },
  }
}
