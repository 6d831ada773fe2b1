/** What an operator does to rotate the URL secret, and when. Pure. */

const DAY_MS = 86_400_000
/** Redirects to the new keys are cached for a day, and upload URLs live for an hour. */
const DROP_DAYS_MIN = 1

/** Where a rotation is, by the secrets of this process: the first is issued, `newest` is the one that was seen last. */
export interface Rotation {
  /** Whether URLs are issued with the newest. */
  readonly issuesNewest: boolean
  /** When a process last issued URLs with the newest, and with an older one; null: never. */
  readonly issued: { readonly own: Date | null; readonly older: Date | null }
  /** Whether the secrets are in a file of DATA_DIR, which this command changes, and not in URL_SECRETS. */
  readonly isKept: boolean
  /** For how long superseded pictures are kept. */
  readonly supersededDays: number
}

/** From when on the older secrets may be dropped; null: the newest is not issued yet. */
export function dropDateOf({ issued: { own, older }, supersededDays }: Rotation): Date | null {
  if (!own) return null
  return new Date((older?.getTime() ?? 0) + Math.max(supersededDays, DROP_DAYS_MIN) * DAY_MS)
}

/** What to do before this command has anything to do. @param fresh a new random secret */
export const firstSteps = (fresh: string): string[] => [
  'This process has one URL secret. To rotate it without a broken URL:',
  '  1. In every API and worker, replace URL_SECRET by URL_SECRETS=OLD,NEW: the present secret, a comma, and a new one. Restart',
  '     one after the other. They accept both, and still issue URLs with the old one. A new random secret:',
  `       ${fresh}`,
  '  2. Run this command with the same URL_SECRETS: it copies every picture to its new key, and says how to go on.',
]

/** What comes next, after everything is copied. @param now in place of the clock */
export function nextSteps(rotation: Rotation, now: Date): string[] {
  const { issuesNewest, isKept } = rotation
  if (!issuesNewest)
    return [
      'Next, when every API and worker accepts both secrets: set URL_SECRETS=NEW,OLD, the new one first, in all of them, restart',
      'one after the other, and run this command again.',
    ]
  const dropDate = dropDateOf(rotation)
  if (!dropDate)
    return isKept
      ? ['Next: restart the service, which then issues URLs with the new secret, and run this command again.']
      : ['Next: start every API and worker with these URL_SECRETS, and run this command again.']
  const how = isKept ? 'npm run rotate -- url-secret --drop' : 'remove the old one from URL_SECRETS everywhere'
  const { older } = rotation.issued
  return [
    `URLs were ${older ? `last issued with the old secret on ${isoMinute(older)} UTC` : 'never issued with the old secret'}.`,
    `It may be dropped ${dropDate > now ? `from ${isoDay(dropDate)} on` : 'now'}: ${how}, then restart.`,
    'Its URLs are 404 after that, wherever they are still in use; until then they redirect.',
  ]
}

const isoDay = (date: Date) => date.toISOString().slice(0, 10)
const isoMinute = (date: Date) => date.toISOString().slice(0, 16).replace('T', ' ')
