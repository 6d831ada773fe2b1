import type { Caller } from '../access/caller.ts'
import type { App } from '../app.ts'
import { AppError } from '../core/errors.ts'
import type { Context } from './context.ts'

/** Who sends a request, as of now. Throws FORBIDDEN for a credential that is not accepted. */
export const identify = (app: App, { request, requestId }: { request: Request; requestId: string }): Promise<Caller> =>
  app.access.identify({
    authorization: request.headers.get('authorization'),
    path: new URL(request.url).pathname,
    requestId,
  })

/** For what goes on for a while: throws FORBIDDEN once the caller may do less than when it began, or as another one. */
export async function checkStillAllowed({ app, caller, request, requestId }: Context): Promise<void> {
  const { scopes, vendor } = await identify(app, { request, requestId })
  // By name: a new vendor gets its row while its first upload is followed.
  if (caller.scopes.isSubsetOf(scopes) && caller.vendor?.username === vendor?.username) return
  throw new AppError('FORBIDDEN', 'What your token may do has changed: subscribe again.')
}
