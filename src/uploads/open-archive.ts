import { Worker } from 'node:worker_threads'
import type { ArchiveSource } from '../archive/archive.ts'
import type { ArchiveCheck, CheckedArchive } from '../archive/check.ts'
import { AppError } from '../core/errors.ts'
import type { FromThread, SvgFacts, ToThread } from './archive-thread.ts'

export interface InspectedFile {
  readonly content: Buffer
  readonly facts: SvgFacts
}

/** An archive without problems whose files are read and inspected in a thread. */
export interface OpenedArchive extends Omit<CheckedArchive, 'read'> {
  /** A file's bytes by its name in `sets`, with what it says about itself as an SVG. Cheap in the order of the archive. */
  readonly read: (file: string) => Promise<InspectedFile>
}

export interface OpenedCheck extends Omit<ArchiveCheck, 'archive'> {
  readonly archive: OpenedArchive | null
}

/** Of the thread's JavaScript: a manifest of 10 MB with 100,000 files takes 200 MB. */
const MEMORY_MB = 512
/** Time in which the thread computes, for all of an archive: the largest that is meant takes a minute. */
const ACTIVE_MS_MAX = 600_000
const WATCH_EVERY_MS = 500

/**
 * Checks an archive, as checkArchive does, and reads its files, both in a thread of its own with limits on time and memory: what a vendor
 * sends is never parsed in the event loop that serves others. Throws TOO_COMPLEX if it exceeds a limit, and the errors of the source.
 */
export async function openArchive(
  source: ArchiveSource,
  { activeMsMax = ACTIVE_MS_MAX, watchEveryMs = WATCH_EVERY_MS, memoryMb = MEMORY_MB } = {},
): Promise<OpenedCheck> {
  const thread = new Worker(new URL('./archive-thread.ts', import.meta.url), {
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  })
  const checked = Promise.withResolvers<Extract<FromThread, { kind: 'checked' }>>()
  const files = new Map<number, PromiseWithResolvers<InspectedFile>>()
  let lastId = 0
  let ended: AppError | null = null

  const send = (message: ToThread, moved: readonly ArrayBuffer[] = []) => thread.postMessage(message, [...moved])
  const end = (error: AppError) => {
    ended ??= error
    clearInterval(watch)
    checked.reject(ended)
    for (const file of files.values()) file.reject(ended)
    files.clear()
    void thread.terminate()
  }
  const watch = setInterval(() => {
    if (thread.performance.eventLoopUtilization().active > activeMsMax)
      end(
        new AppError(
          'TOO_COMPLEX',
          `Reading the archive takes more than ${activeMsMax / 1000} s: split it into several.`,
        ),
      )
  }, watchEveryMs).unref()

  async function handle(message: FromThread): Promise<void> {
    if (message.kind === 'checked') return checked.resolve(message)
    if (message.kind === 'wanted') {
      const { id, from, to } = message
      try {
        const bytes = new Uint8Array(await source.read(from, to))
        send({ kind: 'bytes', id, bytes }, [bytes.buffer])
      } catch (error) {
        end(
          error instanceof AppError
            ? error
            : new AppError('UNAVAILABLE', 'The archive cannot be read.', { cause: error }),
        )
      }
      return
    }
    if (message.kind === 'failed' && message.id === null) return end(errorOf(message))
    if (message.id === null) return
    const file = files.get(message.id)
    files.delete(message.id)
    if (message.kind === 'failed') return file?.reject(errorOf(message))
    file?.resolve({ content: Buffer.from(message.content.buffer), facts: message.facts })
  }
  thread.on('message', (message: FromThread) => void handle(message))
  thread.on('error', (error: NodeJS.ErrnoException) => {
    const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    end(
      isMemory
        ? new AppError('TOO_COMPLEX', `Reading the archive takes more than ${memoryMb} MB: split it into several.`)
        : bug(error),
    )
  })

  const read = (file: string) => {
    if (ended) return Promise.reject(ended)
    const answer = Promise.withResolvers<InspectedFile>()
    files.set(++lastId, answer)
    send({ kind: 'read', id: lastId, file })
    return answer.promise
  }
  const close = async () => {
    end(new AppError('UNAVAILABLE', 'The archive was closed.'))
    await thread.terminate()
  }
  send({ kind: 'check', bytes: source.bytes })
  checked.promise.catch(() => {})
  const { problems, problemCount, notes, archive } = await checked.promise
  if (!archive) {
    await close()
    return { problems, problemCount, notes, archive: null }
  }
  const about = (name: string) => archive.files.get(name)
  const { vendor, sets } = archive
  const [bytesOf, offsetOf] = [(name: string) => about(name)?.bytes ?? 0, (name: string) => about(name)?.from ?? 0]
  return { problems, problemCount, notes, archive: { vendor, sets, bytesOf, offsetOf, read, close } }
}

/** The stack of a bug is for the log, not for the upload's problems. */
const errorOf = ({ code, message }: Extract<FromThread, { kind: 'failed' }>): AppError =>
  code === 'INTERNAL' ? bug(new Error(message)) : new AppError(code, message)

const bug = (cause: Error) => new AppError('INTERNAL', 'The thread that reads archives has a bug.', { cause })
