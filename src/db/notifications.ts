import { EventEmitter, on } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { causes, log } from '../core/log.ts'

/** What Postgres tells all processes. */
export interface Events {
  /** The payloads of one channel with this value, from now on until the signal aborts. Never missed while connected. */
  follow(channel: string, payload: string, signal: AbortSignal): AsyncIterable<unknown>
  close(): Promise<void>
}

const RECONNECT_MS = 1000
/** Emitted after a reconnect, to everyone: something may have happened meanwhile, so look. */
const MISSED = 'missed'

/** Listens on a connection of its own, which is made again when it breaks. */
export async function openEvents(url: string, channels: readonly string[]): Promise<Events> {
  const emitter = new EventEmitter().setMaxListeners(0)
  const closing = new AbortController()
  let client = await connect()

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({ connectionString: url, keepAlive: true, application_name: 'afterimage events' })
    fresh.on('notification', ({ channel, payload }) => emitter.emit(`${channel}:${payload}`))
    fresh.on('error', (error) => closing.signal.aborted || log.warn('events connection lost', { cause: causes(error) }))
    fresh.once('end', () => void reconnect())
    await fresh.connect()
    for (const channel of channels) await fresh.query(`listen ${pg.escapeIdentifier(channel)}`)
    return fresh
  }

  async function reconnect(): Promise<void> {
    while (!closing.signal.aborted) {
      await delay(RECONNECT_MS, undefined, { signal: closing.signal }).catch(() => {})
      if (closing.signal.aborted) return
      try {
        client = await connect()
        emitter.emit(MISSED)
        return
      } catch (error) {
        log.warn('events connection not back yet', { cause: causes(error) })
      }
    }
  }

  return {
    async *follow(channel, payload, signal) {
      const wake = new EventEmitter()
      const ring = () => wake.emit('ring')
      const event = `${channel}:${payload}`
      emitter.on(event, ring).on(MISSED, ring)
      try {
        yield* on(wake, 'ring', { signal: AbortSignal.any([signal, closing.signal]) })
      } catch (error) {
        if ((error as Error).name !== 'AbortError') throw error
      } finally {
        emitter.off(event, ring).off(MISSED, ring)
      }
    },
    async close() {
      closing.abort()
      await client.end()
    },
  }
}
