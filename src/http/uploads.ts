import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '../access/caller.ts'
import type { App } from '../app.ts'
import { AppError, publicSentence, toAppError } from '../core/errors.ts'
import { logFailure } from '../core/log-failure.ts'
import { createSecretCheck } from '../core/origin-secret.ts'
import { parseUploadKey, printUploadKey } from '../core/variant.ts'
import { networkOf } from '../limits/network.ts'
import { type Arrival, readS3Event } from '../uploads/s3-event.ts'
import { checkUploadUrl } from '../uploads/upload-url.ts'
import { completeUpload, findUpload } from '../uploads/uploads.ts'
import { createClientAddress } from './client-address.ts'
import { atLeastRate, type LeastRate } from './least-rate.ts'
import { identifySender } from './sender.ts'

const EVENT_MAX_BYTES = 100_000
/** 10 kB/s, a tenth of a slow line's; an archive of the largest size needs 555 kB/s to arrive while its URL is valid. */
const LEAST_RATE: LeastRate = { bytes: 300_000, ms: 30_000 }

/**
 * Routes for archives: `PUT /uploads/ID` at a URL signed by createUpload, if the originals store takes no direct uploads, and `POST
 * /events/s3`, with which a bucket announces new objects, with EVENTS_TOKEN or a token of scope upload:write.
 */
export function createUploadRoutes(app: App, { leastRate = LEAST_RATE }: { leastRate?: LeastRate } = {}) {
  const { prisma, urlSecrets, config } = app
  const { originals } = app.stores
  const addressOf = createClientAddress(config)
  const { eventsToken } = config.aws
  const isEventsToken = createSecretCheck(eventsToken === null ? [] : [`Bearer ${eventsToken}`])

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    if (request.method !== 'PUT')
      throw new AppError('METHOD_NOT_ALLOWED', `Use PUT for archives, not ${request.method}.`)
    const id = parseUploadKey(`${pathname.slice(1)}.zip`)
    if (id === null || originals.inbox.kind !== 'proxied')
      throw new AppError('NOT_FOUND', 'There is no upload at this address.')
    const signed = { id, expires: searchParams.get('expires') ?? '', signature: searchParams.get('signature') ?? '' }
    const verdict = checkUploadUrl(urlSecrets, signed)
    if (verdict !== 'good')
      throw new AppError(
        'FORBIDDEN',
        verdict === 'expired'
          ? 'This URL has expired: create another upload.'
          : 'The signature of this URL is invalid.',
      )
    const upload = await findUpload(prisma, id)
    const length = request.headers['content-length']
    if (length === undefined || Number(length) !== Number(upload.bytes))
      throw new AppError(
        'BAD_INPUT',
        `Content-Length is ${length ?? 'missing'}; this URL accepts exactly the announced ${upload.bytes} bytes.`,
      )
    response.once('close', app.limits.archives.acquire(networkOf(addressOf(request))))
    response.once('close', app.limits.archivesOfVendor.acquire(upload.vendor))
    const isNew =
      upload.status === 'CREATED' &&
      (await originals.inbox.receive(printUploadKey(id), atLeastRate(request, leastRate), { bytes: Number(length) }))
    if (!isNew) throw new AppError('BAD_INPUT', `The archive of upload ${id} has arrived already: complete the upload.`)
    answer(response, 201, { upload: id, bytes: Number(length) })
  }

  async function handleS3Event(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST')
      throw new AppError('METHOD_NOT_ALLOWED', `Use POST for events, not ${request.method}.`)
    const isStore = isEventsToken(request.headers.authorization)
    const { vendor } = isStore
      ? { vendor: null }
      : await identifySender(app, request, { scopes: ['upload:write'], what: 'events' })
    const arrivals = readS3Event(await readBody(request))
    const results = []
    for (const arrival of arrivals) results.push({ key: arrival.key, ...(await start(arrival, vendor)) })
    answer(response, 200, { results })
  }

  /**
   * An event that cannot start an upload gets a response with the reason and is not retried, unless a store or the database is
   * unavailable.
   */
  async function start(
    { bucket, key }: Arrival,
    vendor: Caller['vendor'],
  ): Promise<{ upload?: number; started: boolean; note: string }> {
    const id = parseUploadKey(key)
    const unknown = { started: false, note: 'There is no upload with this key; nothing to do.' }
    if (id === null || bucket !== config.buckets?.originals) return unknown
    if (vendor && (await prisma.upload.count({ where: { id, vendor: vendor.username } })) === 0) return unknown
    try {
      const outcome = await completeUpload({ ...app, originals }, id)
      const started = outcome === 'started'
      return { upload: id, started, note: started ? 'The ingest has started.' : 'The ingest had already started.' }
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error
      return { upload: id, started: false, note: error.message }
    }
  }

  const guarded =
    (handle: typeof receive, allow: string) =>
    async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      try {
        await handle(request, response)
      } catch (error) {
        refuse({ request, response, allow }, error)
      }
    }
  return { receive: guarded(receive, 'PUT'), handleS3Event: guarded(handleS3Event, 'POST') }
}

/** Node's parser enforces Content-Length, so checking the header is enough to limit a body. */
async function readBody(request: IncomingMessage): Promise<string> {
  const length = Number(request.headers['content-length'] ?? Number.NaN)
  if (!(length <= EVENT_MAX_BYTES))
    throw new AppError('BAD_INPUT', `An event needs Content-Length, of at most ${EVENT_MAX_BYTES} bytes.`)
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

function refuse(
  { request, response, allow }: { request: IncomingMessage; response: ServerResponse; allow: string },
  thrown: unknown,
): void {
  // A client that disconnected needs no response.
  if (request.destroyed && !request.complete) {
    response.destroy()
    return
  }
  const error = toAppError(thrown)
  if (error.status >= 500)
    logFailure('an upload or event could not be accepted', error, { severity: 'error', code: error.code })
  // The rest of the body is not read.
  const more = {
    ...(error.code === 'METHOD_NOT_ALLOWED' ? { allow } : {}),
    ...(error.status === 503 ? { 'retry-after': '1' } : {}),
    ...(error.retryAfterS === null ? {} : { 'retry-after': String(error.retryAfterS) }),
    ...(request.complete ? {} : { connection: 'close' }),
  }
  if (!request.complete) response.once('finish', () => request.destroy())
  response
    .writeHead(error.status, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8', ...more })
    .end(`${error.code}: ${publicSentence(error)}\n`)
}
