import { gauge, ofInstallation } from './registry.ts'

/** All metrics of the installation, named once. Each API exports the same values: a query takes their maximum. */
const shared = <Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) =>
  gauge({ name, help, labels }, ofInstallation)

export const queueJobs = shared(
  'queue_jobs',
  'Jobs by state: ready, scheduled for later, running, or failed for good.',
  ['task', 'state'],
)
export const queueOldestSeconds = shared('queue_oldest_seconds', 'How long the oldest ready job has been waiting.', [
  'task',
])
export const backfillItems = shared(
  'backfill_items',
  'Items of the latest unfinished backfills: done, failed, or left.',
  ['id', 'state'],
)
export const backfillEtaSeconds = shared('backfill_eta_seconds', 'When a running backfill will be done at its rate.', [
  'id',
])
export const workersLive = shared('workers_live', 'Worker processes with a recent heartbeat.')
export const workerHeartbeatAgeSeconds = shared(
  'worker_heartbeat_age_seconds',
  'Age of the oldest heartbeat of a registered worker; 0 if there is none.',
)
export const takedownOpen = shared('takedown_open', 'Take-downs that are not completed.')
export const takedownOldestSeconds = shared('takedown_oldest_seconds', 'Age of the oldest of them; 0 if there is none.')
export const coverage = shared('coverage', 'Items of the catalogue by picture: ready, stale, missing, or failed.', [
  'preset',
  'state',
])
export const webhookWaiting = shared('webhook_deliveries_waiting', 'Events waiting for delivery, over all webhooks.')
export const webhookDeadLetters = shared('webhook_dead_letters', 'Events that could not be delivered in all attempts.')
