import type { ChildProcess } from 'node:child_process'
import { AppError, isSourceFailure } from '../core/errors.ts'
import type { LaneEntry } from '../core/lanes.ts'
import type { Composed, ComposeOrder, FromChild, TimedRender, ToChild, VariantSpec } from './messages.ts'

/** Who asks for a call, and how long it may take. */
export interface CallOptions {
  /** CPU time of the renderer, or of each cell of a composite: on a loaded machine a good file takes longer and no more. */
  readonly cpuLimitMs: number
  /** Shares the renderers fairly; begins with the vendor. */
  readonly path?: readonly string[]
  /** What is known to be slow waits in a lane of its own. */
  readonly isSlow?: boolean
  /** Leaves the queue when it aborts; what a renderer has begun goes on. */
  readonly signal?: AbortSignal
  /** Told when it turns out slow and begins anew in the slow lane. False: reject with SLOW instead. */
  readonly onSlow?: () => boolean
}

/** One call to a renderer. */
export interface Task {
  readonly message: ToChild
  readonly options: CallOptions
  /** Where it waits; it changes once it turned out slow. */
  entry: LaneEntry
  /** What its flow was charged when it began, ms. */
  charged: number
  /** @param cpuMs what the call took of the renderer's CPU */
  readonly resolve: (message: FromChild, cpuMs: number) => void
  readonly reject: (error: AppError) => void
  /** The cell of a composite that is being drawn: null before, after, and of any other task. */
  cell: number | null
}

/** A renderer process and what it does. */
export interface RendererProcess {
  child: ChildProcess
  ready: boolean
  task: Task | null
  /** Handed over while the renderer is busy, so that it does not wait for us in between. */
  next: Task | null
  timer: NodeJS.Timeout | undefined
  renders: number
  /** CPU time that it had used when its present task began, ms. */
  cpuFromMs: number
  /** Wall clock of that moment. */
  since: number
  stderr: string
}

/** A process that has just been started. */
export const rendererOf = (child: ChildProcess): RendererProcess => ({
  child,
  ready: false,
  task: null,
  next: null,
  timer: undefined,
  renders: 0,
  cpuFromMs: 0,
  since: 0,
  stderr: '',
})

/** Whose source it is: the first name of its flow. */
export const vendorOf = ({ entry }: Task): string => entry.path[0] ?? ''

/** From now on it waits in the slow lane. */
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
})

/** A death or a time-out while a cell is drawn is that cell's failure. */
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
      // Nobody's source is to blame: the whole picture was being encoded.
      if (task.cell === null)
        return reject(new AppError('BUSY', `The picture was not finished: ${error.message}`, { cause: error }))
      resolve({ failures: [{ cell: task.cell, code: error.code, message: error.message }] })
    },
    cell: null,
  }
  return task
}

/** A child that just died cannot be told anything; its exit is handled where it arrives. */
export function tell(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => {})
}
