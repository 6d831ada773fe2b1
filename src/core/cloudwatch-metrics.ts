/** Names of what an API publishes to CloudWatch; infra/ scales and alarms by them. */
export const NAMESPACE = 'Afterimage'
export const STAGE_DIMENSION = 'Stage'

/** By name, with their units: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html */
const UNITS = {
  queue_oldest_seconds: 'Seconds',
  queue_ready: 'Count',
  workers_live: 'Count',
  takedown_oldest_seconds: 'Seconds',
} as const

export type PublishedMetric = keyof typeof UNITS

/**
 * One line in the embedded metric format, without a line break: CloudWatch Logs makes metrics of it.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * @param at in ms since 1970
 */
export function printEmbeddedMetrics(
  values: Readonly<Record<PublishedMetric, number>>,
  { stage, at }: { stage: string; at: number },
): string {
  const metrics = Object.entries(UNITS).map(([Name, Unit]) => ({ Name, Unit }))
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: [[STAGE_DIMENSION]], Metrics: metrics }],
    },
    [STAGE_DIMENSION]: stage,
    ...values,
  })
}
