import { Logger } from 'graphile-worker'
import { log } from './log.ts'

/** graphile-worker's log without its line per job: warnings and errors only. Failed tasks are logged by workers/tasks.ts. */
export const quietLogger = new Logger(() => (level, message) => {
  if (message.startsWith('Failed task')) return
  if (level === 'error') log.error('queue', { message })
  if (level === 'warning') log.warn('queue', { message })
})
