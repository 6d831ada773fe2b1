import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../core/errors.ts'
import { causes } from '../core/log.ts'
import type { UploadProblem } from './end-upload.ts'

const POLL_EVERY_MS = 300

/** An upload as the service reports it. */
export interface SentUpload {
  readonly status: string
  readonly finishedAt: string | null
  readonly problemCount: number
  readonly items: Readonly<Record<'total' | 'done' | 'failed' | 'added' | 'changed' | 'removed', number>>
  readonly problems: { readonly nodes: readonly UploadProblem[] }
}

/**
 * Sends an archive to a running service, over HTTP like any client, and follows it to its end. Throws UNAVAILABLE if there is no response
 * or the connection breaks, BAD_INPUT with the service's own message.
 * @param options.ask sends a GraphQL document to it
 */
export async function sendArchive(options: {
  ask: <T>(query: string, variables: object) => Promise<T>
  vendor: string
  file: string
  fileName: string
  bytes: number
  onPoll: (upload: SentUpload) => void
}): Promise<SentUpload> {
  const { ask, vendor, file, fileName, bytes, onPoll } = options
  const { createUpload: created } = await ask<{ createUpload: Created }>(CREATE, { vendor, fileName, bytes })
  const { id } = created.upload
  await put(created, { file, bytes })
  await ask('mutation ($id: ID!) { completeUpload(id: $id) { status } }', { id })
  for (;;) {
    const { upload } = await ask<{ upload: SentUpload }>(READ_UPLOAD, { id })
    onPoll(upload)
    if (upload.finishedAt) return upload
    await delay(POLL_EVERY_MS)
  }
}

interface Created {
  readonly upload: { readonly id: string }
  readonly url: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

const CREATE = `
  mutation ($vendor: String!, $fileName: String!, $bytes: Float!) {
    createUpload(vendor: $vendor, fileName: $fileName, bytes: $bytes) { upload { id } url headers { name value } }
  }`

const READ_UPLOAD = `
  query ($id: ID!) {
    upload(id: $id) {
      status finishedAt problemCount items { total done failed added changed removed }
      problems(first: 100) { nodes { code file pointer message } }
    }
  }`

/** As a stream: an archive may be larger than memory. */
async function put({ url, headers }: Created, { file, bytes }: { file: string; bytes: number }): Promise<void> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp
  const signed = Object.fromEntries(headers.map(({ name, value }) => [name, value]))
  const sending = request(url, { method: 'PUT', headers: { ...signed, 'content-length': bytes } })
  await Promise.all([readAnswer(sending), pipeline(createReadStream(file), sending)]).catch((error) => {
    if (error instanceof AppError) throw error
    const { host } = new URL(url)
    throw new AppError('UNAVAILABLE', `${host} did not accept the archive (${causes(error)}): send it again.`, {
      cause: error,
    })
  })
}

async function readAnswer(sending: ClientRequest): Promise<void> {
  const [response] = (await once(sending, 'response')) as [IncomingMessage]
  const said = await text(response)
  const { statusCode = 0 } = response
  if (statusCode >= 300)
    throw new AppError('BAD_INPUT', `The archive was refused with ${statusCode}: ${said.slice(0, 500).trim()}`)
}
