import { z } from 'zod'
import { AppError } from '../core/errors.ts'

/** A new object in a bucket. */
export interface Arrival {
  readonly bucket: string
  readonly key: string
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
const eventBridge = z.object({
  'detail-type': z.string(),
  detail: z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string() }) }),
})
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
const notification = z.object({
  Records: z.array(
    z.object({
      eventName: z.string(),
      s3: z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string() }) }),
    }),
  ),
})
/** As wrapped by SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html */
const envelope = z.object({ Type: z.literal('Notification'), Message: z.string() })
/** Sent by S3 when notifications are enabled. */
const test = z.object({ Event: z.literal('s3:TestEvent') })

/**
 * The new objects in an event of EventBridge, S3 notifications or a compatible server; none if it is about something else. Throws
 * BAD_INPUT for anything but such an event.
 */
export function readS3Event(body: string): Arrival[] {
  const event = parseJson(body)
  const wrapped = envelope.safeParse(event)
  if (wrapped.success) return readUnwrapped(parseJson(wrapped.data.Message))
  return readUnwrapped(event)
}

function readUnwrapped(event: unknown): Arrival[] {
  const bridged = eventBridge.safeParse(event)
  if (bridged.success) {
    const { 'detail-type': type, detail } = bridged.data
    return type === 'Object Created' ? [{ bucket: detail.bucket.name, key: detail.object.key }] : []
  }
  const notified = notification.safeParse(event)
  if (notified.success)
    return notified.data.Records.filter(({ eventName }) => /^(?:s3:)?ObjectCreated:/.test(eventName)).map(({ s3 }) => ({
      bucket: s3.bucket.name,
      key: decodeKey(s3.object.key),
    }))
  if (test.safeParse(event).success) return []
  throw new AppError(
    'BAD_INPUT',
    'The body is not an S3 event: neither an EventBridge event nor a notification with Records.',
  )
}

/** Notifications encode keys like HTML forms; EventBridge does not encode them. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return key
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AppError('BAD_INPUT', 'The body is not JSON.', { cause: error })
  }
}
