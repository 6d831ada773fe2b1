import { type Queryable, statement } from './statement.ts'

/** Notifies all processes that listen to the channel (notifications.ts); within a transaction, at its commit. */
export async function notify(db: Queryable, channel: string, payload: string): Promise<void> {
  await NOTIFY.run(db, { channel, payload })
}

const NOTIFY = statement({
  name: 'notify',
  text: 'select pg_notify(:channel, :payload)',
  parameters: { channel: 'text', payload: 'text' },
  columns: { pg_notify: 'void' },
})
