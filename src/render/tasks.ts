import type { ChildProcess } from 'node:child_process'
import { AppError, isSourceFailure } from '../core/errors.ts'
import type { LaneEntry } from '../core/lanes.ts'
import type { Composed, ComposeOrder, FromChild, TimedRender, ToChild, VariantSpec } from './messages.ts'

/** On whose behalf a call is made, and how long it may take. */
export interface CallOptions {
  /** CPU time of the renderer, or for each cell of a composite: wall-clock time would fail good files on a loaded machine. */
  readonly cpuLimitMs: number
  /** Used to share the renderers fairly; begins with the vendor. */
  readonly path?: readonly string[]
  /** Known to be slow: queued in its own lane. */
  readonly isSlow?: boolean
  /** Removes a queued call; one that a renderer has begun continues. */
  readonly signal?: AbortSignal
  /** Called when the render turns out slow and will start again in the slow lane. False: reject with SLOW instead. */
  readonly onSlow?: () => boolean
}

/** One call to a renderer. */
export interface Task {
  readonly message: ToChild
  readonly options: CallOptions
  /** Its queue entry; it changes when the task turns out slow. */
  entry: LaneEntry
  /** CPU time charged to its queue when it began, ms. */
  charged: number
  /** @param cpuMs the renderer's CPU time for the call */
  readonly resolve: (message: FromChild, cpuMs: number) => void
  readonly reject: (error: AppError) => void
  /** The index of the composite's cell that is being drawn; null before, after, and for any other task. */
  cell: number | null
  /** Warnings about the document, once it has been read and handed to an engine. */
  warnings: readonly string[] | null
}

/** Why a renderer is ended: after many renders, by a limit, or so that others can draw. */
export type RestartCause = 'recycled' | 'timeout' | 'memory' | 'preempted'

/** A renderer process and its current work. */
export interface RendererProcess {
  /** The process that was started: the renderer, or one that waits for it and ends with it. */
  child: ChildProcess
  /** The renderer's own, once it is ready. */
  pid: number | undefined
  ready: boolean
  task: Task | null
  /** Sent while the renderer is busy, so that it need not wait for the parent in between. */
  next: Task | null
  timer: NodeJS.Timeout | undefined
  renders: number
  /** CPU time that it had used when its current task began, ms. */
  cpuFromMs: number
  /** Wall-clock time when its current task began. */
  since: number
  stderr: string
  /** Why it was ended; null if it was not. */
  endedBy: RestartCause | null
}

/** A process that has just been started. */
export const rendererOf = (child: ChildProcess): RendererProcess => ({
  child,
  pid: child.pid,
  ready: false,
  task: null,
  next: null,
  timer: undefined,
  renders: 0,
  cpuFromMs: 0,
  since: 0,
  stderr: '',
  endedBy: null,
})

/** The vendor of its source: the first name of its queue path. */
export const vendorOf = ({ entry }: Task): string => entry.path[0] ?? ''

/** Moves a task to the slow lane. */
export function asSlow(task: Task): LaneEntry {
  task.entry = { ...task.entry, lane: 'slow' }
  return task.entry
}

type Settle<T> = { readonly resolve: (value: T) => void; readonly reject: (error: AppError) => void }

const entryOf = ({ path = [''], isSlow = false }: CallOptions): LaneEntry => ({ path, lane: isSlow ? 'slow' : 'quick' })

export const renderTask = (
  {
    options,
    ...order
  }: { svg: Uint8Array; variants: readonly VariantSpec[]; otherEngine: boolean; options: CallOptions },
  { resolve, reject }: Settle<TimedRender>,
): Task => ({
  message: { kind: 'render', ...order },
  options,
  entry: entryOf(options),
  charged: 0,
  resolve: (message, cpuMs) => message.kind === 'made' && resolve({ ...message.rendered, cpuMs }),
  reject,
  cell: null,
  warnings: null,
})

/** Attributes a crash or time-out while a cell is drawn to that cell. */
export function composeTask(
  { order, options }: { order: ComposeOrder; options: CallOptions },
  { resolve, reject }: Settle<Composed>,
): Task {
  const task: Task = {
    message: { kind: 'compose', order },
    options,
    entry: entryOf(options),
    charged: 0,
    resolve: (message) => message.kind === 'composed' && resolve(message.composed),
    reject: (error) => {
      if (!isSourceFailure(error)) return reject(error)
      // During encoding no source is to blame.
      if (task.cell === null)
        return reject(new AppError('BUSY', `The picture was not finished: ${error.message}`, { cause: error }))
      resolve({ failures: [{ cell: task.cell, code: error.code, message: error.message }] })
    },
    cell: null,
    warnings: null,
  }
  return task
}

/** A child that just exited cannot receive messages; its exit is handled elsewhere. */
export function sendTo(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => {})
}
