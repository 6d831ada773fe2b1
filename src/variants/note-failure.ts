import { isSourceFailure } from '../core/errors.ts'
import { log } from '../core/log.ts'
import { currentRequest } from '../core/request-context.ts'
import { renderFailures, vendorLabel } from '../telemetry/metrics.ts'

/** A vendor's source that gives no picture. */
interface FailedSource {
  readonly vendor: string
  readonly sourceKey: string
  readonly code: string
}

/** Runs a render of a source, and notes it if the source is at fault. Throws what it throws. */
export async function noteFailure<T>(source: Omit<FailedSource, 'code'>, render: () => Promise<T>): Promise<T> {
  try {
    return await render()
  } catch (error) {
    if (isSourceFailure(error)) countFailure({ ...source, code: error.code })
    throw error
  }
}

/** Counts it and logs one line: that of the request, or one of its own in a job. */
export function countFailure({ vendor, sourceKey, code }: FailedSource): void {
  renderFailures.inc({ code, vendor: vendorLabel(vendor) })
  const described = currentRequest()?.described
  if (described) Object.assign(described, { vendor, code })
  else log.warn('a render failed', { vendor, code, sourceKey })
}
