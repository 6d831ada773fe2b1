import { RequestError, request, toRequestError } from '../../data/client.ts'
import { CompleteUpload, CreateUpload, type CreateUploadMutation } from '../../generated.ts'

type Created = CreateUploadMutation['createUpload']

/** Waits between tries while the service, or the bucket, does not answer. */
const RETRY_MS = 2000
/** Then the person decides. */
const TRIES_MAX = 30

interface SendOptions {
  readonly vendor: string
  /** The share that has been sent, 0 to 1; null while the connection is lost. */
  readonly onProgress: (share: number | null) => void
  readonly signal: AbortSignal
}

/** Sends an archive and starts its upload; returns the upload's id. Outlasts a service that restarts. Throws RequestError. */
export async function sendArchive(file: File, { vendor, onProgress, signal }: SendOptions): Promise<string> {
  const outlast = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    for (let tries = 1; ; tries++) {
      try {
        return await run()
      } catch (thrown) {
        const error = toRequestError(thrown)
        if (signal.aborted || error.code !== 'OFFLINE' || tries >= TRIES_MAX) throw thrown
        onProgress(null)
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
  const variables = { vendor, fileName: file.name.slice(0, 255), bytes: file.size }
  const { createUpload: created } = await outlast(() => request(CreateUpload, variables, { signal }))
  const complete = () => outlast(() => request(CompleteUpload, { id: created.upload.id }, { signal }))
  try {
    await outlast(() => put(file, created, { onProgress, signal }))
  } catch (thrown) {
    // A connection that is lost at the very end: the archive has arrived, and its address takes no second one.
    const error = toRequestError(thrown)
    if (error.code !== 'REFUSED') throw thrown
    await complete().catch(() => {
      throw thrown
    })
  }
  await complete()
  return created.upload.id
}

/** Sends the bytes. By XMLHttpRequest, because fetch does not say how far it is. */
function put(
  file: File,
  { url, headers }: Created,
  { onProgress, signal }: Pick<SendOptions, 'onProgress' | 'signal'>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest()
    sending.open('PUT', addressOf(url))
    // The browser counts by itself.
    for (const { name, value } of headers) if (name !== 'content-length') sending.setRequestHeader(name, value)
    sending.upload.onprogress = ({ loaded }) => onProgress(loaded / Math.max(1, file.size))
    sending.onload = () => {
      if (sending.status < 300) resolve()
      else if (sending.status >= 500) reject(new RequestError('OFFLINE', answerOf(sending)))
      else reject(new RequestError('REFUSED', answerOf(sending)))
    }
    sending.onerror = () => reject(new RequestError('OFFLINE', 'The connection was lost while the archive was sent.'))
    sending.onabort = () => reject(new RequestError('CANCELED', 'You have stopped it.'))
    signal.addEventListener('abort', () => sending.abort())
    sending.send(file)
  })
}

/** An address of this service is that of the page, whatever name others know the service by. */
function addressOf(url: string): string {
  const { pathname, search } = new URL(url)
  return /^\/uploads\/\d+$/.test(pathname) ? pathname + search : url
}

/** This service says why in a line; a bucket in XML. */
function answerOf({ status, responseText }: XMLHttpRequest): string {
  const [, sentence] = /<Message>([^<]*)<\/Message>/.exec(responseText) ?? []
  return sentence ?? (responseText.replace(/^[A-Z_]+: /, '').trim() || `It was answered with status ${status}.`)
}
