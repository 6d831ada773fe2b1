import { Logger } from 'graphile-worker'
import { log } from './log.ts'

const METHODS = { error: log.error, warning: log.warn, info: log.debug, debug: log.debug } as const

/** graphile-worker's log: its line per job is shown at LOG_LEVEL=debug only, and failed jobs are logged by workers/tasks.ts. */
export const quietLogger = new Logger(() => (level, message) => {
  if (level === 'error' && message.startsWith('Failed task')) return
  METHODS[level]('queue', { message })
})
