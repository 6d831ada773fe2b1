import { z } from 'zod'

/**
 * Who runs tasks: each worker process has one runner of each kind, each with a number of concurrent jobs. Long jobs have separate slots,
 * so that nothing waits for a backfill; uploads too, so that a hostile archive does not delay a take-down.
 */
export const RUNNERS = {
  /** More than one backfill queues for each worker, so that chunks of another need not wait. */
  long: { jobsAtOnce: 4 },
  /** Jobs that somebody waits for. */
  urgent: { jobsAtOnce: 2 },
  /** For one upload, one job that checks or stages its archive and two that render, and one job of another upload. */
  uploads: { jobsAtOnce: 4 },
} as const

export type RunnerName = keyof typeof RUNNERS
export const RUNNER_NAMES = Object.keys(RUNNERS) as RunnerName[]

interface Schedule {
  /** Minute, hour, day, month, weekday, in UTC. */
  readonly cron: string
  /** For how long, in s, it is made up for if no worker was there at the time; ten minutes by default. */
  readonly catchUpS?: number
}

interface Task<Payload extends z.ZodType> {
  /** What a job carries; validated when it is queued and when it runs. */
  readonly payload: Payload
  /** A lower number runs first, among all tasks. */
  readonly priority: number
  /** Added to the priority of a job: among jobs of the same kind, some go first. */
  readonly rank?: (payload: z.output<Payload>) => number
  /** The maximum number of attempts; the delays between them grow from seconds to hours. */
  readonly attempts: number
  /** Of queued jobs with the same key only the latest remains; null: jobs are never merged. */
  readonly key: ((payload: z.output<Payload>) => string) | null
  readonly runner: RunnerName
  /** When it is queued, by one of the workers: see scheduler.ts. */
  readonly schedule?: Schedule
  /** Converts a payload queued by an earlier release; a current one is unchanged. */
  readonly upgrade?: (payload: Readonly<Record<string, unknown>>) => Record<string, unknown>
}

/** Keeps the payload's type in its row. */
const task = <Payload extends z.ZodType>(row: Task<Payload>): Task<Payload> => row

const id = z.int()
const waitS = z.int().default(0)
/** graphile-worker's default: about 11 days. */
const ATTEMPTS = 25
const NOTHING = z.looseObject({})

/**
 * All tasks of the queue. Each has a function of the same name in workers/tasks.ts, and `enqueue` adds its jobs; nothing else names a
 * task or its priority (test/tidy.test.ts). Names, keys and payloads are in the queues of running installations: change them only so that
 * queued jobs still run.
 */
const TASKS = {
  /** Before everything else: a legal deadline does not wait for a backfill. */
  take_down: task({
    payload: z.object({ takeDownId: id, recheck: z.boolean() }),
    upgrade: ({ second, ...payload }) => ({ recheck: second, ...payload }),
    priority: 0,
    attempts: ATTEMPTS,
    key: ({ takeDownId, recheck }) => `take_down:${takeDownId}:${recheck}`,
    runner: 'urgent',
  }),
  delete_superseded: task({
    payload: NOTHING,
    priority: 0,
    attempts: 1,
    key: () => 'delete_superseded',
    runner: 'long',
    schedule: { cron: '23 * * * *' },
  }),
  delete_unused: task({
    payload: NOTHING,
    priority: 0,
    attempts: 1,
    key: () => 'delete_unused',
    runner: 'long',
    schedule: { cron: '53 * * * *' },
  }),
  prune_events: task({
    payload: NOTHING,
    priority: 0,
    attempts: 1,
    key: () => 'prune_events',
    runner: 'long',
    schedule: { cron: '41 * * * *' },
  }),
  prune_audit_log: task({
    payload: NOTHING,
    priority: 0,
    attempts: 1,
    key: () => 'prune_audit_log',
    runner: 'long',
    schedule: { cron: '11 * * * *' },
  }),
  /** What a process could not store itself: at once after an outage of the store. */
  store_tombstones: task({
    payload: NOTHING,
    priority: 0,
    attempts: 1,
    key: () => 'store_tombstones',
    runner: 'urgent',
    schedule: { cron: '* * * * *' },
  }),
  write_snapshot: task({
    payload: NOTHING,
    priority: 0,
    attempts: 1,
    key: () => 'write_snapshot',
    runner: 'long',
    // If all workers were stopped for the night, it is written in the morning.
    schedule: { cron: '17 2 * * *', catchUpS: 24 * 3600 },
  }),
  /** A page that requested one picture of an item will request the others. */
  make_rest: task({
    payload: z.object({ itemIds: z.array(id).min(1).max(1000) }),
    priority: 10,
    attempts: ATTEMPTS,
    key: null,
    runner: 'urgent',
  }),
  /** The pictures of a page whose URLs were returned: after everything that somebody waits for, before backfills. */
  warm_page: task({
    payload: z.object({ itemIds: z.array(id).min(1).max(1000) }),
    priority: 60,
    attempts: 3,
    key: null,
    runner: 'urgent',
  }),
  ingest_upload: task({
    payload: z.object({ uploadId: id, waitS, tries: z.int().default(0) }),
    priority: 20,
    attempts: ATTEMPTS,
    key: ({ uploadId }) => `upload:${uploadId}`,
    runner: 'uploads',
  }),
  render_upload: task({
    payload: z.object({ chunkId: id, waitS }),
    priority: 30,
    attempts: ATTEMPTS,
    key: ({ chunkId }) => `render_upload:${chunkId}`,
    runner: 'uploads',
  }),
  make_composites: task({
    payload: z.object({ familyId: id }),
    priority: 50,
    attempts: 5,
    key: ({ familyId }) => `make_composites:${familyId}`,
    runner: 'urgent',
  }),
  plan_backfill: task({
    payload: z.object({ backfillId: id }),
    priority: 100,
    attempts: ATTEMPTS,
    key: ({ backfillId }) => `plan_backfill:${backfillId}`,
    runner: 'long',
  }),
  run_chunk: task({
    payload: z.object({ chunkId: id, waitS, rank: z.int().min(-10).max(10).optional() }),
    priority: 100,
    rank: ({ rank = 0 }) => rank,
    attempts: ATTEMPTS,
    key: ({ chunkId }) => `run_chunk:${chunkId}`,
    runner: 'long',
  }),
  compose_backfill: task({
    payload: z.object({ backfillId: id }),
    priority: 100,
    attempts: ATTEMPTS,
    key: ({ backfillId }) => `compose_backfill:${backfillId}`,
    runner: 'long',
  }),
} as const

export type TaskName = keyof typeof TASKS
export const TASK_NAMES = Object.keys(TASKS) as TaskName[]

/** The payload that a task's function gets. */
export type PayloadOf<Name extends TaskName> = z.output<(typeof TASKS)[Name]['payload']>
/** The payload that a job is queued with: defaults may be omitted. */
export type PayloadInput<Name extends TaskName> = z.input<(typeof TASKS)[Name]['payload']>

type Payloads = { [Name in TaskName]: PayloadOf<Name> }

declare global {
  namespace GraphileWorker {
    /** Types graphile-worker's own functions too. */
    interface Tasks extends Payloads {}
  }
}

/** The row of a task, without the type of its payload. */
export const rowOf = (name: TaskName): Task<z.ZodType> => TASKS[name] as Task<z.ZodType>

const ORIGIN = z.object({ requestId: z.string().max(100).optional(), traceparent: z.string().max(100).optional() })

/** The request that queued a job, or whose jobs did: its id and its place in a trace, as far as there are any. */
export type JobOrigin = z.output<typeof ORIGIN>

/** What `enqueue` has added to a payload. */
export const originOf = (payload: unknown): JobOrigin => ORIGIN.safeParse(payload).data ?? {}

/** Validates the payload of a job of this release or the previous one. Throws ZodError for anything else. */
export function parsePayload<Name extends TaskName>(name: Name, payload: unknown): PayloadOf<Name> {
  const { payload: schema, upgrade } = rowOf(name)
  const queued = upgrade ? upgrade(z.record(z.string(), z.unknown()).parse(payload)) : payload
  return schema.parse(queued) as PayloadOf<Name>
}
