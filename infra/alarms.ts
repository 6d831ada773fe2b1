import { Duration, type Stack } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { FargateService } from 'aws-cdk-lib/aws-ecs'
import {
  type ApplicationLoadBalancer,
  type ApplicationTargetGroup,
  HttpCodeTarget,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Postgres } from './database.ts'
import { queueOldestSeconds, queueReady, takedownOldestSeconds, workersLive } from './metrics.ts'

interface Watched {
  readonly stage: string
  readonly alarmEmail: string | null
  readonly balancer: ApplicationLoadBalancer
  readonly targets: ApplicationTargetGroup
  readonly api: FargateService
  readonly worker: FargateService
  readonly database: Postgres
}

/** An alarm: a metric above or below a limit, for some minutes. */
interface Rule {
  readonly metric: IMetric
  readonly above?: number
  readonly below?: number
  readonly minutes: number
  /** What it means and what to do. */
  readonly text: string
  readonly isMissingBad?: true
}

const minutely = { period: Duration.minutes(1) }
const GIB = 2 ** 30

/** Alarms, sent to a topic, and a dashboard of what they watch. */
export function createAlarms(stack: Stack, watched: Watched): void {
  const topic = new Topic(stack, 'Alarms', { enforceSSL: true, displayName: `Alarms of ${watched.stage}` })
  if (watched.alarmEmail) topic.addSubscription(new EmailSubscription(watched.alarmEmail))
  const rules = rulesFor(watched)
  for (const [name, { metric, above, below, minutes, text, isMissingBad }] of Object.entries(rules)) {
    const alarm = new Alarm(stack, name, {
      metric,
      alarmDescription: text,
      threshold: above ?? below ?? 0,
      comparisonOperator:
        above === undefined ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: minutes,
      treatMissingData: isMissingBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    })
    alarm.addAlarmAction(new SnsAction(topic))
    alarm.addOkAction(new SnsAction(topic))
  }
  createDashboard(stack, watched)
}

function failedShare({ balancer, targets }: Watched): IMetric {
  return new MathExpression({
    expression: '100 * (failed + refused) / IF(requests > 0, requests, 1)',
    label: '5xx in %',
    usingMetrics: {
      failed: targets.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, { ...minutely, statistic: Stats.SUM }),
      refused: balancer.metrics.custom('HTTPCode_ELB_5XX_Count', { ...minutely, statistic: Stats.SUM }),
      requests: balancer.metrics.requestCount({ ...minutely, statistic: Stats.SUM }),
    },
    ...minutely,
  })
}

const responseP95 = ({ targets }: Watched) =>
  targets.metrics.targetResponseTime({ ...minutely, statistic: Stats.percentile(95) })
const healthyApis = ({ targets }: Watched) =>
  targets.metrics.healthyHostCount({ ...minutely, statistic: Stats.MINIMUM })

/** The same limits as in deploy/prometheus/alerts.yml, and those of the database. */
function rulesFor(watched: Watched): Readonly<Record<string, Rule>> {
  const { stage } = watched
  const { instance } = watched.database
  return {
    FailedRequests: {
      metric: failedShare(watched),
      ...{ above: 1, minutes: 5 },
      text: 'More than 1 % of the requests fail with 5xx. Look at the log of the API and at /readyz.',
    },
    SlowResponses: {
      metric: responseP95(watched),
      ...{ above: 3, minutes: 10 },
      text: 'The slowest 5 % of the responses take more than 3 s. Add APIs, or pause backfills.',
    },
    NoApi: {
      metric: healthyApis(watched),
      ...{ below: 1, minutes: 2 },
      isMissingBad: true,
      text: 'No API is ready. Look at its log, and at the database.',
    },
    NoWorker: {
      metric: workersLive(stage),
      ...{ below: 1, minutes: 5 },
      isMissingBad: true,
      text: 'No worker sends heartbeats, or no API publishes metrics. Look at the logs of both.',
    },
    OldJobs: {
      metric: queueOldestSeconds(stage),
      ...{ above: 1800, minutes: 10 },
      text: 'A job has been waiting for more than half an hour. Raise workersMax, or look at the log of the workers.',
    },
    OpenTakeDown: {
      metric: takedownOldestSeconds(stage),
      ...{ above: 300, minutes: 1 },
      text: 'A take-down is still open after 5 minutes: the pictures may still be shown. Read its receipt.',
    },
    DatabaseCpu: {
      metric: instance.metricCPUUtilization(minutely),
      ...{ above: 80, minutes: 15 },
      text: 'Postgres uses more than 80 % of its CPU. Use a larger instance.',
    },
    DatabaseStorage: {
      metric: instance.metricFreeStorageSpace(minutely),
      ...{ below: 10 * GIB, minutes: 5 },
      text: 'Postgres has less than 10 GiB left, and its storage no longer grows. Raise maxAllocatedStorage.',
    },
    DatabaseMemory: {
      metric: instance.metricFreeableMemory(minutely),
      ...{ below: 0.25 * GIB, minutes: 15 },
      text: 'Postgres has less than 256 MiB of memory left. Use a larger instance.',
    },
  }
}

function createDashboard(stack: Stack, watched: Watched): void {
  const { stage, api, worker } = watched
  const { instance } = watched.database
  const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 8, height: 6 })
  new Dashboard(stack, 'Dashboard', {
    dashboardName: `${stage}-${stack.region}`,
    widgets: [
      [
        graph('Requests a minute', [watched.balancer.metrics.requestCount({ ...minutely, statistic: Stats.SUM })]),
        graph('Failed requests in %', [failedShare(watched)]),
        graph('Response time, p95 in s', [responseP95(watched)]),
      ],
      [
        graph('Oldest ready job in s', [queueOldestSeconds(stage)]),
        graph('Ready jobs', [queueReady(stage)]),
        graph('Workers and ready APIs', [workersLive(stage), healthyApis(watched)]),
      ],
      [
        graph('CPU of the service in %', [api.metricCpuUtilization(minutely), worker.metricCpuUtilization(minutely)]),
        graph('Memory of the service in %', [
          api.metricMemoryUtilization(minutely),
          worker.metricMemoryUtilization(minutely),
        ]),
        graph('Oldest open take-down in s', [takedownOldestSeconds(stage)]),
      ],
      [
        graph('Postgres: CPU in %', [instance.metricCPUUtilization(minutely)]),
        graph('Postgres: connections', [instance.metricDatabaseConnections(minutely)]),
        graph('Postgres: free storage in bytes', [instance.metricFreeStorageSpace(minutely)]),
      ],
    ],
  })
}
