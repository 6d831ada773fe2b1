/** What webhooks can be told of; docs/webhooks.md says when, and with which data. */
export const EVENT_TYPES = [
  'image.variant.created',
  'image.variant.failed',
  'preview.family.created',
  'upload.completed',
  'backfill.completed',
] as const
export type EventType = (typeof EVENT_TYPES)[number]
