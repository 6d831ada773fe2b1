import { type CatalogueSize, readSize } from '../catalogue/size.ts'
import type { Pg } from '../db/database.ts'
import { readWorkers, type WorkerProcess } from '../jobs/read-workers.ts'
import { readBacklog, type WebhookBacklog } from '../webhooks/backlog.ts'
import { type Deliveries, type DeliveryCounts, readDeliveries } from './delivery-counts.ts'
import type { Doctor } from './doctor.ts'
import type { Finding } from './finding.ts'

/** What the service does at the moment. */
export interface Operations {
  readonly size: CatalogueSize
  readonly deliveries: Deliveries
  readonly workers: readonly WorkerProcess[]
  readonly webhooks: WebhookBacklog
  readonly deliveryStatus: Finding['status']
}

/** Four indexed reads, over all processes; requests of other processes than this one are included after ten seconds. */
export async function readOperations(app: {
  readonly pg: Pg
  readonly deliveries: DeliveryCounts
  readonly doctor: Doctor
}): Promise<Operations> {
  const { pg } = app
  await app.deliveries.flush()
  const [size, deliveries, workers, webhooks] = await Promise.all([
    readSize(pg),
    readDeliveries(pg),
    readWorkers(pg),
    readBacklog(pg),
  ])
  return { size, deliveries, workers, webhooks, deliveryStatus: app.doctor.status() }
}
