import { imageStageSeconds } from './metrics.ts'
import { inSpan } from './tracing.ts'

/** The stages of delivering a picture, in their order. */
export type Stage = 'locate' | 'admission' | 'lock' | 'source' | 'render' | 'store' | 'record'

/** Runs a stage of delivering a picture, as a span of the trace, and measures its time whether it succeeds or fails. */
export async function inStage<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
  const from = performance.now()
  try {
    return await inSpan(stage, work)
  } finally {
    imageStageSeconds.observe({ stage }, (performance.now() - from) / 1000)
  }
}
