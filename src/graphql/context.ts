import type { Caller } from '../access/caller.ts'
import type { App } from '../app.ts'
import type { Loaders } from './loaders.ts'

/** What every resolver gets. */
export interface Context {
  readonly app: App
  readonly caller: Caller
  /** Whose limits count: a token or, without one, an address. */
  readonly client: string
  /** Also in the response's header X-Request-Id. */
  readonly requestId: string
  readonly loaders: Loaders
  /** Prefix of image URLs, without a trailing slash. */
  readonly imageUrl: string
  /** Address of this API, without a trailing slash. */
  readonly publicUrl: string
  readonly request: Request
  /** Aborts when this process stops: subscriptions end, and clients are asked to connect to another one. */
  readonly closing: AbortSignal
}
