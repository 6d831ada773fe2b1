import { Logger } from 'graphile-worker'
import { log } from './log.ts'

/** Failed tasks by workers/tasks.ts; an outage, which its timers meet again and again, by the monitor of the database. */
const SAID_ELSEWHERE = /^(?:Failed task|Cron hit an error|Failed to reset locked)/

/** graphile-worker's log without its line per job: warnings and errors only. */
export const quietLogger = new Logger(() => (level, message) => {
  if (SAID_ELSEWHERE.test(message)) return
  if (level === 'error') log.error('queue', { message })
  if (level === 'warning') log.warn('queue', { message })
})
