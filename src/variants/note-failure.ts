import { isSourceFailure } from '../core/errors.ts'
import { renderFailures, vendorLabel } from '../telemetry/metrics.ts'

/** Runs a render of a vendor's source, and counts it if the source is at fault. Throws what it throws. */
export async function noteFailure<T>(vendor: string, render: () => Promise<T>): Promise<T> {
  try {
    return await render()
  } catch (error) {
    if (isSourceFailure(error)) countFailure(vendor, error.code)
    throw error
  }
}

/** Counts a source that gives no picture. */
export const countFailure = (vendor: string, code: string): void =>
  renderFailures.inc({ code, vendor: vendorLabel(vendor) })
