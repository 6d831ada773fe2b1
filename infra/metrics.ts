import { Duration } from 'aws-cdk-lib'
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import { NAMESPACE, type PublishedMetric, STAGE_DIMENSION } from '../src/core/cloudwatch-metrics.ts'

/** What every API publishes once a minute about the whole installation: so the greatest of their values. */
const published = (name: PublishedMetric) => (stage: string) =>
  new Metric({
    namespace: NAMESPACE,
    metricName: name,
    dimensionsMap: { [STAGE_DIMENSION]: stage },
    statistic: Stats.MAXIMUM,
    period: Duration.minutes(1),
  })

export const queueOldestSeconds = published('queue_oldest_seconds')
export const queueReady = published('queue_ready')
export const workersLive = published('workers_live')
export const takedownOldestSeconds = published('takedown_oldest_seconds')
