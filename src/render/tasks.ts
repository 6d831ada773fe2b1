import type { ChildProcess } from 'node:child_process'
import { AppError, isSourceFailure } from '../core/errors.ts'
import type { Composed, ComposeOrder, FromChild, Rendered, ToChild, VariantSpec } from './messages.ts'

/** One call to a renderer. */
export interface Task {
  readonly message: ToChild
  /** Of the whole call, or of each cell of a composite. */
  readonly timeoutMs: number
  readonly resolve: (message: FromChild) => void
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
  stderr: '',
})

type Settle<T> = { readonly resolve: (value: T) => void; readonly reject: (error: AppError) => void }

export const renderTask = (
  {
    timeoutMs,
    ...order
  }: { svg: Uint8Array; variants: readonly VariantSpec[]; otherEngine: boolean; timeoutMs: number },
  { resolve, reject }: Settle<Rendered>,
): Task => ({
  message: { kind: 'render', ...order },
  timeoutMs,
  resolve: (message) => message.kind === 'made' && resolve(message.rendered),
  reject,
  cell: null,
})

/** A death or a time-out while a cell is drawn is that cell's failure. */
export function composeTask(
  { order, timeoutMs }: { order: ComposeOrder; timeoutMs: number },
  { resolve, reject }: Settle<Composed>,
): Task {
  const task: Task = {
    message: { kind: 'compose', order },
    timeoutMs,
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
