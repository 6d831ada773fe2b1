import type { Caller } from '../access/caller.ts'
import type { App } from '../app.ts'

/** Who sends a request, as of now. Throws FORBIDDEN for a credential that is not accepted. */
export const identify = (app: App, { request, requestId }: { request: Request; requestId: string }): Promise<Caller> =>
  app.access.identify({
    authorization: request.headers.get('authorization'),
    path: new URL(request.url).pathname,
    requestId,
  })
