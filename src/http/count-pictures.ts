import type { AppError } from '../core/errors.ts'
import type { DeliveryCounts } from '../diagnose/delivery-counts.ts'
import { type ImageOutcome, imageMissSeconds, images } from '../telemetry/metrics.ts'
import { describeSpan, isTracing } from '../telemetry/tracing.ts'
import type { IssuedImage } from '../variants/find.ts'

/** Counts the responses of the origin handler: for Prometheus, and in the database for the doctor and the console. */
export const createPictureCounts = (deliveries: DeliveryCounts) => ({
  /** @param waitedMs of a picture that was made for this request */
  picture(found: IssuedImage, wasStored: boolean, waitedMs?: number): void {
    const outcome = wasStored ? 'stored' : 'made'
    deliveries.count(outcome, waitedMs)
    count(outcome, found)
    if (waitedMs !== undefined) imageMissSeconds.observe({}, waitedMs / 1000)
  },

  redirect: (found: IssuedImage): void => count('redirect', found),

  /** @param found undefined if the request was refused before it was looked up, or nothing was found */
  refusal(error: AppError, found: IssuedImage | undefined): void {
    const outcome = outcomeOf(error)
    if (outcome) count(outcome, found)
    if (outcome === 'notfound') deliveries.count('notFound')
    if (outcome === 'busy') deliveries.count('refused')
  },
})

function count(outcome: ImageOutcome, found: IssuedImage | undefined): void {
  const preset = found?.preset ?? 'none'
  images.inc({ outcome, preset })
  if (isTracing())
    describeSpan({
      'afterimage.outcome': outcome,
      'afterimage.preset': preset,
      ...(found && { 'afterimage.vendor': found.vendor }),
    })
}

/** Null if the request asked for no picture, or was not allowed to. */
function outcomeOf({ status }: AppError): ImageOutcome | null {
  if (status === 404) return 'notfound'
  if (status === 410) return 'gone'
  if (status === 429 || status === 503) return 'busy'
  return status === 422 || status >= 500 ? 'failed' : null
}
