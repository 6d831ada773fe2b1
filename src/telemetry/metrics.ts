import { counter, gauge, histogram } from './registry.ts'

/**
 * All metrics of a process, named once. Labels have few values: names of presets and tasks are those of the configuration and the
 * registry, and `boundLabel` limits those of vendors.
 */

/** Of requests and of what they wait for: from a cached look-up to the limit of the origin handler, 25 s. */
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 25]
/** Of renders, which take 4 ms on average and at most 20 s. */
const RENDER_SECONDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20]
/** Of waiting for a connection, at most 10 s. */
const WAIT_SECONDS = [0.001, 0.01, 0.1, 0.5, 1, 5, 10]
const JOB_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800]

export const httpRequests = counter({
  name: 'http_requests_total',
  help: 'Requests that have ended, by their status; 499 if the client disconnected before.',
  labels: ['route', 'method', 'status'],
})
export const httpSeconds = histogram({
  name: 'http_request_duration_seconds',
  help: 'Time from the headers of a request to the end of its response, without subscriptions.',
  labels: ['route'],
  buckets: REQUEST_SECONDS,
})

export type ImageOutcome = 'stored' | 'made' | 'failed' | 'gone' | 'busy' | 'notfound' | 'redirect'
export const images = counter({
  name: 'image_total',
  help: 'Requests for pictures by outcome; preset is `transform` for transforms, the layout for composites, `none` if unknown.',
  labels: ['outcome', 'preset'],
})
export const imageMissSeconds = histogram({
  name: 'image_miss_seconds',
  help: 'Time that a viewer waited for a picture that was made for the request.',
  buckets: REQUEST_SECONDS,
})
export const imageStageSeconds = histogram({
  name: 'image_stage_seconds',
  help: 'Time of the stages of delivering a picture, in requests and jobs.',
  labels: ['stage'],
  buckets: REQUEST_SECONDS,
})

export const renders = counter({
  name: 'renders_total',
  help: 'Renders started by this process, without readiness probes.',
})
export const rendersWaiting = gauge({ name: 'renders_waiting', help: 'Renders that wait for a renderer.' })
export const renderers = gauge({ name: 'renderers', help: 'Renders that may run at once.' })
export const renderersBusy = gauge({ name: 'renderers_busy', help: 'Renderers that are drawing.' })
export const renderSeconds = histogram({
  name: 'render_seconds',
  help: 'CPU time of renders by drawing engine; `composite` for a picture of several items.',
  labels: ['engine'],
  buckets: RENDER_SECONDS,
})
export const renderFailures = counter({
  name: 'render_failures_total',
  help: 'Renders without a picture, by reason code; the first 50 vendors by name, the others as `other`.',
  labels: ['code', 'vendor'],
})
export const rendererRestarts = counter({
  name: 'renderer_restarts_total',
  help: 'Renderers that ended and were replaced: after many renders (recycled), by a limit, for others (preempted), or by a crash.',
  labels: ['cause'],
})

export const jobSeconds = histogram({
  name: 'job_seconds',
  help: 'Time of jobs that have ended, by result: ok, or failed and possibly retried.',
  labels: ['task', 'result'],
  buckets: JOB_SECONDS,
})
export const workerTakeovers = counter({
  name: 'worker_takeovers_total',
  help: 'Dead workers whose jobs this process returned to the queue.',
})

export const dbPool = gauge({
  name: 'db_pool',
  help: 'Connections to Postgres by state (active, idle), and statements that wait for one (waiting).',
  labels: ['state'],
})
export const dbWaitSeconds = histogram({
  name: 'db_wait_seconds',
  help: 'Time until a statement or transaction has a connection.',
  buckets: WAIT_SECONDS,
})

export const s3Requests = counter({
  name: 's3_requests_total',
  help: 'Requests to S3, each retry included: ok, absent, throttled (429, 503), or error.',
  labels: ['store', 'op', 'result'],
})
export const s3Seconds = histogram({
  name: 's3_seconds',
  help: 'Time of requests to S3, to the last byte.',
  labels: ['op'],
  buckets: REQUEST_SECONDS,
})
export const s3Bytes = counter({ name: 's3_bytes_total', help: 'Bytes of objects read from and written to S3.' })

export const webhookDeliveries = counter({
  name: 'webhook_deliveries_total',
  help: 'Attempts to deliver an event, by result: ok or failed.',
  labels: ['result'],
})
export const webhookSeconds = histogram({
  name: 'webhook_seconds',
  help: 'Time of attempts to deliver an event.',
  buckets: REQUEST_SECONDS,
})

export const cpuSeconds = counter({
  name: 'cpu_seconds_total',
  help: 'CPU time of this process (api or worker) and of all its renderers, including those that have exited.',
  labels: ['role'],
})
export const checkOk = gauge({
  name: 'check_ok',
  help: 'Whether a dependency of this process works: 1 or 0.',
  labels: ['check'],
})

/**
 * Limits the values of a label: the first `max` keep their names, for the life of the process, so that no series ever decreases; the
 * others share `other`.
 */
export function boundLabel(max: number): (value: string) => string {
  const named = new Set<string>()
  return (value) => {
    if (named.has(value)) return value
    if (named.size >= max) return 'other'
    named.add(value)
    return value
  }
}

const VENDORS_MAX = 50
export const vendorLabel = boundLabel(VENDORS_MAX)
