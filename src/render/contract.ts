import type { Presets } from '../core/variant.ts'
import type { Composed, ComposeOrder, TimedRender, VariantSpec } from './messages.ts'
import type { Sandbox } from './sandbox.ts'
import type { CallOptions } from './tasks.ts'

export interface RenderPool {
  readonly size: number
  /**
   * Renders all requested pictures of one source. Rejects with the source's reason code (status 422), with SLOW if it turned out slow and
   * `onSlow` returned false, with BUSY if the queue is full or `signal` aborted, or with UNAVAILABLE if renderers cannot start.
   */
  render(svg: Uint8Array, variants: readonly VariantSpec[], options: CallOptions): Promise<TimedRender>
  /**
   * Composes one picture from many sources. If any cannot be drawn, returns them instead, including a cell on which a renderer hung or
   * crashed. Rejects as `render` does, but without the sources' codes.
   */
  compose(order: ComposeOrder, options: CallOptions): Promise<Composed>
  /** Whether the vendor's recent sources took so long that its next one is queued in the slow lane. */
  isSlowVendor(vendor: string): boolean
  readonly stats: PoolStats
  /** Of the live renderers. */
  readonly pids: readonly number[]
  /** Sets how many renderers may work at once; running renders finish. */
  limit(renderers: number): void
  /** Refuses new renders, finishes running ones, then stops the renderers. */
  close(): Promise<void>
  /** Kills running and queued renders: they reject with BUSY, which does not count as a failure of the source. */
  kill(): void
}

export interface PoolStats {
  /** Renders given to a renderer, and those of them that produced no picture. */
  renders: number
  failures: number
  waiting: number
  /** Renderers that are drawing. */
  busy: number
}

export interface PoolOptions {
  readonly presets: Presets
  readonly size: number
  /** Additional renderers, so that one that dies or is ended is replaced at once; they start some seconds later. Default 0. */
  readonly spares?: number
  /** Renders that may wait for a renderer before BUSY. */
  readonly waitingMax: number
  /** A renderer is replaced after this many renders: native libraries leak a little. A new one takes a second of CPU time to start and compile. */
  readonly recycleAfter?: number
  /** Default: the strongest that works on this machine. */
  readonly sandbox?: Sandbox
}
