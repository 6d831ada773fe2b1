import type { IncomingMessage, ServerResponse } from 'node:http'
import { loadAdminTokens } from '../access/secrets.ts'
import type { SignInCode } from '../access/sign-in-code.ts'
import type { Config } from '../core/config.ts'

const BODY_MAX_BYTES = 1000

/**
 * `POST /session`: exchanges the code of the link that `npm start` prints for the admin token, once: `{"code": "…"}` gets
 * `{"token": "…"}`. Only JSON is accepted, which a page of another origin cannot send without a preflight; there are no CORS headers.
 */
export function createSessionRoute({ config, signIn }: { config: Config; signIn: SignInCode }) {
  return async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST')
      return refuse(response, 405, 'METHOD_NOT_ALLOWED: Use POST for sessions.', { allow: 'POST' })
    const { 'content-type': type = '', 'content-length': length } = request.headers
    if (!/^application\/json\b/i.test(type))
      return refuse(response, 415, 'UNSUPPORTED_MEDIA_TYPE: Send the code as application/json: {"code": "…"}.')
    if (!(Number(length ?? Number.NaN) <= BODY_MAX_BYTES))
      return refuse(response, 413, `BAD_INPUT: A body needs Content-Length, of at most ${BODY_MAX_BYTES} bytes.`)
    switch (signIn.redeem(await readCode(request))) {
      case 'accepted': {
        const [token] = await loadAdminTokens(config)
        response.writeHead(200, { ...HEADERS, 'content-type': 'application/json' })
        return void response.end(JSON.stringify({ token }))
      }
      case 'too-many':
        return refuse(response, 429, 'TOO_MANY: Too many codes were tried; wait a minute.', { 'retry-after': '60' })
      case 'refused':
        return refuse(
          response,
          403,
          'FORBIDDEN: This link was used already, is older than ten minutes, or was printed before the API was restarted: sign in with a token. The admin token is printed by npm start, which also prints a new link.',
        )
    }
  }
}

/** The code in the body; an empty one if there is none. */
async function readCode(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  try {
    const { code } = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    return typeof code === 'string' ? code : ''
  } catch {
    return ''
  }
}

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

function refuse(response: ServerResponse, status: number, sentence: string, more: Record<string, string> = {}): void {
  response
    .writeHead(status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8', connection: 'close', ...more })
    .end(`${sentence}\n`)
}
