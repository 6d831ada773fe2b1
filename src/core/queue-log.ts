import { Logger } from 'graphile-worker'
import { log } from './log.ts'

/** Failed tasks by workers/tasks.ts; an outage, which the library's timers meet again and again, by the monitor of the database. */
const LOGGED_ELSEWHERE = /^(?:Failed task|Cron hit an error|Failed to reset locked)/

const METHODS = { error: log.error, warning: log.warn, info: log.debug, debug: log.debug } as const

/** graphile-worker's log: its line per job is shown at LOG_LEVEL=debug only. */
export const quietLogger = new Logger(() => (level, message) => {
  if (LOGGED_ELSEWHERE.test(message)) return
  METHODS[level]('queue', { message })
})
