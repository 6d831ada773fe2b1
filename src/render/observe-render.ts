import { renderSeconds } from '../telemetry/metrics.ts'
import type { FromChild } from './messages.ts'

/** Measures the CPU time of a picture by its engine. */
export function observeRender(message: FromChild, cpuMs: number): void {
  if (message.kind === 'made') renderSeconds.observe({ engine: message.rendered.engine }, cpuMs / 1000)
  else if (message.kind === 'composed') renderSeconds.observe({ engine: 'composite' }, cpuMs / 1000)
}
