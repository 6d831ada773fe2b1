import type { Presets } from '../core/variant.ts'
import type { Composed, ComposeOrder, TimedRender, VariantSpec } from './messages.ts'
import type { CallOptions } from './tasks.ts'

export interface RenderPool {
  readonly size: number
  /**
   * All wanted pictures of one source in one call. Rejects with the source's reason code (status 422), with SLOW when it
   * turned out slow and `onSlow` will not have it wait, with BUSY when the queue is full or `signal` aborted, or with
   * UNAVAILABLE when renderers do not start.
   */
  render(svg: Uint8Array, variants: readonly VariantSpec[], options: CallOptions): Promise<TimedRender>
  /**
   * A picture of many sources in one call. What cannot be drawn is told instead, also the cell that a renderer was stuck
   * in or died of. Rejects as `render` does, without the sources' codes.
   */
  compose(order: ComposeOrder, options: CallOptions): Promise<Composed>
  /** Whether the vendor's latest sources took so long that its next one waits in the slow lane. */
  isSlowVendor(vendor: string): boolean
  readonly stats: PoolStats
  /** Of the living renderers. */
  readonly pids: readonly number[]
  /** From now on at most so many renderers are given work at once; what is in flight ends. */
  limit(renderers: number): void
  /** Refuses new renders, lets those in flight end, then stops the children. */
  close(): Promise<void>
  /** Kills what is in flight and all that waits: it rejects with BUSY, which is no failure of its source. */
  kill(): void
}

export interface PoolStats {
  /** Renders that were given to a renderer, and those of them that ended in no picture. */
  renders: number
  failures: number
  waiting: number
}

export interface PoolOptions {
  readonly presets: Presets
  readonly size: number
  /** Renderers that are started beside them, so that one that dies or is ended is replaced at once. Default 0. */
  readonly spares?: number
  /** Renders that may wait for a renderer before BUSY. */
  readonly waitingMax: number
  /** A renderer is replaced after so many renders: native libraries leak a little. */
  readonly recycleAfter?: number
}
