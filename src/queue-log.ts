import { Logger } from 'graphile-worker'
import { log } from './log.ts'

/** graphile-worker's log without its line per job: warnings and errors only. */
export const quietLogger = new Logger(() => (level, message) => {
  if (level === 'error') log.error('queue', { message })
  if (level === 'warning') log.warn('queue', { message })
})
