import { Logger } from 'graphile-worker'
import { log } from './log.ts'

/**
 * workers/tasks.ts logs failed tasks; outages, which the library's timers run into again and again, are logged by the database monitor.
 */
const LOGGED_ELSEWHERE = /^(?:Failed task|Cron hit an error|Failed to reset locked)/

const METHODS = { error: log.error, warning: log.warn, info: log.debug, debug: log.debug } as const

/** graphile-worker's log: one line per job is only shown with LOG_LEVEL=debug. */
export const quietLogger = new Logger(() => (level, message) => {
  if (LOGGED_ELSEWHERE.test(message)) return
  METHODS[level]('queue', { message })
})
