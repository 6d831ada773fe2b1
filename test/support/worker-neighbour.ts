import { once } from 'node:events'
import { openDatabase } from '../../src/db/database.ts'
import { heartbeat, recoverJobs } from '../../src/jobs/workers.ts'

/**
 * The part of a worker that others see: sends heartbeats, recovers the jobs of dead workers, reports which, and runs until it is ended.
 */
const [url = '', id = ''] = process.argv.slice(2)
const { pg } = await openDatabase(url, { connectionsMax: 2 })
await heartbeat(pg, id)
process.stdout.write(`${JSON.stringify({ pid: process.pid, dead: await recoverJobs(pg, [id]) })}\n`)
await once(process.stdin.resume(), 'end')
process.exit(0)
