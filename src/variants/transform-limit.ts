import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { AppError } from '../core/errors.ts'

/** Limits the new transform pictures that each viewer may have drawn per minute. */
export interface TransformLimit {
  /** Counts one more picture. Throws TOO_MANY. @param client an IP address */
  take(client: string): void
}

const WINDOW_MS = 60_000
/** Number of addresses counted separately in a minute; later ones share one count. */
const CLIENTS_MAX = 50_000
const OTHERS = ''

/** Counts in this process's memory. */
export function openTransformLimit({ perMinute }: { perMinute: number }): TransformLimit {
  const counts = new Map<string, number>()
  let endsAt = 0

  return {
    take(client) {
      const now = performance.now()
      if (now >= endsAt) {
        counts.clear()
        endsAt = now + WINDOW_MS
      }
      const known = networkOf(client)
      const name = counts.has(known) || counts.size < CLIENTS_MAX ? known : OTHERS
      const count = counts.get(name) ?? 0
      if (count >= perMinute)
        throw new AppError(
          'TOO_MANY',
          `${perMinute} new pictures by transform were drawn for your address in this minute, which is the limit: try again in a minute.`,
        )
      counts.set(name, count + 1)
    },
  }
}

/** A client with one IPv6 address usually controls its whole /64. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address
  const { parts } = ipaddr.IPv6.parse(address)
  return parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')
}
