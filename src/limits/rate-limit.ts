import { LRUCache } from 'lru-cache'
import { AppError } from '../core/errors.ts'

/** A quota for each client, such as 600 requests in 60 s. */
export interface RatePolicy {
  /** Its name in the RateLimit headers. */
  readonly name: string
  /** What is counted, in the words of the sentence that refuses it. */
  readonly what: string
  /** Infinity: not limited. */
  readonly quota: number
  readonly windowS: number
  /** Its unit in RateLimit-Policy, if it does not count requests. */
  readonly unit?: string
}

/** A client's quota after a request. */
export interface RateState {
  readonly remaining: number
  /** Until the whole quota is available again. */
  readonly resetS: number
  /** Until what was refused would be granted; 0 if it was granted. */
  readonly retryAfterS: number
}

/** A quota, and what a request has left of it. */
export type Spending = readonly [RatePolicy, RateState]

export interface RateLimit {
  readonly policy: RatePolicy
  /** Spends some of a client's quota, or nothing if too little is left. At most the whole quota is needed at once. */
  readonly take: (client: string, cost?: number) => RateState
  /** The same, but throws RATE_LIMITED if too little is left. */
  readonly spend: (client: string, cost?: number) => RateState
}

/** Clients that are remembered: one that was not seen for the longest time is forgotten first, and then has its whole quota. */
const CLIENTS_MAX = 20_000

/**
 * A token bucket for each client in this process, kept as one number: the time at which its bucket is full again (the generic cell rate
 * algorithm, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm). A client may spend its whole quota at once, and gets it back
 * evenly over the window.
 */
export function openRateLimit(policy: RatePolicy, { now = () => performance.now() } = {}): RateLimit {
  const { quota, windowS } = policy
  const windowMs = windowS * 1000
  const fullAt = new LRUCache<string, number>({ max: CLIENTS_MAX })

  function take(client: string, cost = 1): RateState {
    if (quota === Infinity) return { remaining: Infinity, resetS: 0, retryAfterS: 0 }
    const at = now()
    const before = Math.max(at, fullAt.get(client) ?? 0)
    const after = before + (Math.min(cost, quota) / quota) * windowMs
    const overMs = after - at - windowMs
    // The sum may be rounded up by less than a microsecond. A quota of nothing is never granted: 0 / 0.
    const isGranted = overMs < 0.001
    if (isGranted) fullAt.set(client, after)
    const fullInMs = (isGranted ? after : before) - at
    return {
      remaining: quota === 0 ? 0 : Math.floor(((windowMs - fullInMs) / windowMs) * quota + 1e-6),
      resetS: Math.max(0, Math.ceil(fullInMs / 1000 - 1e-6)),
      retryAfterS: isGranted ? 0 : Math.max(1, Math.ceil((overMs || windowMs) / 1000)),
    }
  }

  return {
    policy,
    take,
    spend(client, cost) {
      const state = take(client, cost)
      if (state.retryAfterS > 0) throw rateLimited(policy, state)
      return state
    },
  }
}

/** The refusal of a client that has spent its quota. */
export const rateLimited = ({ what, quota, windowS }: RatePolicy, { retryAfterS }: RateState): AppError =>
  new AppError(
    'RATE_LIMITED',
    `The limit for your token or address is ${quota} ${what} in ${windowS} s, and too little of it is left: try again in ${retryAfterS} s.`,
    { retryAfterS },
  )

/**
 * The headers of a response that says what is left of some quotas: draft-ietf-httpapi-ratelimit-headers-11. Empty for policies without a
 * limit.
 */
export function rateLimitHeaders(spent: readonly Spending[]): Record<string, string> {
  const limited = spent.filter(([{ quota }]) => quota !== Infinity)
  if (limited.length === 0) return {}
  const policies = limited.map(
    ([{ name, quota, windowS, unit }]) => `"${name}";q=${quota};w=${windowS}${unit ? `;qu="${unit}"` : ''}`,
  )
  const states = limited.map(([{ name }, { remaining, resetS }]) => `"${name}";r=${remaining};t=${resetS}`)
  return { 'ratelimit-policy': policies.join(', '), ratelimit: states.join(', ') }
}
