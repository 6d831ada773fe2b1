import { imageStageSeconds } from './metrics.ts'

/** The stages of delivering a picture, in their order. */
export type Stage = 'locate' | 'admission' | 'lock' | 'source' | 'render' | 'store' | 'record'

/** Runs a stage of delivering a picture, and measures its time whether it succeeds or fails. */
export async function inStage<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
  const from = performance.now()
  try {
    return await work()
  } finally {
    imageStageSeconds.observe({ stage }, (performance.now() - from) / 1000)
  }
}
