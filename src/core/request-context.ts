import { AsyncLocalStorage } from 'node:async_hooks'

/** The request, or the job that a request has queued, on whose behalf code runs. */
export interface RequestContext {
  /** In every line of the log, the response's header X-Request-Id, and the payloads of jobs. */
  readonly requestId: string
  /** What the line of the request says in addition, so that there is one line and not two; null for a job. */
  readonly described: Record<string, string | number> | null
}

const storage = new AsyncLocalStorage<RequestContext>()

export const inRequest = <T>(context: RequestContext, work: () => T): T => storage.run(context, work)

/** Undefined outside of requests and of their jobs. */
export const currentRequest = (): RequestContext | undefined => storage.getStore()
