import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkSignedPath } from '../access/signed-url.ts'
import type { App } from '../app.ts'
import { AppError, publicSentence, toAppError } from '../core/errors.ts'
import { logFailure } from '../core/log-failure.ts'
import { parseOriginalKey, parseSourceKey } from '../core/variant.ts'

/** Whatever an SVG contains, a browser saves it and runs nothing of it. */
const HEADERS = {
  'cache-control': 'private, no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  'cross-origin-resource-policy': 'same-site',
  'referrer-policy': 'no-referrer',
}

/**
 * `/originals/KEY`: an original as an attachment, at a URL signed by `Item.original`, if the originals store signs no URLs itself. GET
 * and HEAD; 403 once the URL has expired, 404 if it was not issued.
 */
export function createOriginalsRoute({ stores, urlSecrets }: Pick<App, 'stores' | 'urlSecrets'>) {
  return async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await answer(request, response)
    } catch (thrown) {
      const error = toAppError(thrown)
      if (error.status >= 500) logFailure('an original could not be sent', error, { severity: 'error' })
      if (response.headersSent) return void response.destroy()
      response
        .writeHead(error.status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' })
        .end(request.method === 'HEAD' ? undefined : `${error.code}: ${publicSentence(error)}\n`)
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new AppError('METHOD_NOT_ALLOWED', `Use GET or HEAD for originals, not ${request.method}.`)
    const { pathname, searchParams: parameters } = new URL(request.url ?? '', 'http://localhost')
    const key = pathname.slice('/originals/'.length)
    const slug = (parseSourceKey(key) ?? parseOriginalKey(key))?.slug
    const verdict = checkSignedPath(urlSecrets, { purpose: 'original', path: key, parameters })
    if (verdict === 'expired') throw new AppError('FORBIDDEN', 'This URL has expired: request a new one from the API.')
    const bytes = slug && verdict === 'good' ? await stores.originals.get(key) : null
    if (!bytes) throw new AppError('NOT_FOUND', 'There is no original at this address.')
    response
      .writeHead(200, {
        ...HEADERS,
        'content-type': 'image/svg+xml',
        'content-length': bytes.length,
        'content-disposition': `attachment; filename="${slug}.svg"`,
      })
      .end(request.method === 'HEAD' ? undefined : bytes)
  }
}
