import { parentPort } from 'node:worker_threads'
import type { ArchiveSource } from '../archive/archive.ts'
import { type CheckedArchive, checkArchive } from '../archive/check.ts'
import type { ManifestSet } from '../archive/manifest.ts'
import type { Problem } from '../archive/problems.ts'
import { AppError, type ErrorCode } from '../core/errors.ts'
import { inspectSvg } from '../import/inspect-svg.ts'

/** The thread in which a vendor's archive is read: it decompresses, parses manifests and SVGs, and has no connections. */

export type ToThread =
  | { readonly kind: 'check'; readonly bytes: number }
  | { readonly kind: 'bytes'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'read'; readonly id: number; readonly file: string }

export type FromThread =
  | { readonly kind: 'wanted'; readonly id: number; readonly from: number; readonly to: number }
  | {
      readonly kind: 'checked'
      readonly problems: readonly Problem[]
      readonly problemCount: number
      readonly notes: readonly string[]
      readonly archive: {
        readonly vendor: string
        readonly sets: readonly ManifestSet[]
        readonly files: ReadonlyMap<string, { readonly bytes: number; readonly from: number }>
      } | null
    }
  | { readonly kind: 'file'; readonly id: number; readonly content: Uint8Array; readonly facts: SvgFacts }
  | { readonly kind: 'failed'; readonly id: number | null; readonly code: ErrorCode; readonly message: string }

/** What an SVG says about itself, or why it is refused as one. */
export interface SvgFacts {
  /** In CSS px; null if it states none. */
  readonly width: number | null
  readonly height: number | null
  readonly code: string | null
  readonly message: string | null
}

function factsOf(content: Uint8Array): SvgFacts {
  try {
    return { ...inspectSvg(content), code: null, message: null }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { width: null, height: null, code: error.code, message: error.message }
  }
}

let archive: CheckedArchive | null = null
let lastId = 0
const wanted = new Map<number, PromiseWithResolvers<Buffer>>()

const send = (message: FromThread, moved: readonly ArrayBuffer[] = []) => parentPort?.postMessage(message, [...moved])

/** The parent reads, because the store's credentials are its own. */
const sourceOf = (bytes: number): ArchiveSource => ({
  bytes,
  read(from, to) {
    const answer = Promise.withResolvers<Buffer>()
    wanted.set(++lastId, answer)
    send({ kind: 'wanted', id: lastId, from, to })
    return answer.promise
  },
})

async function handle(message: ToThread): Promise<void> {
  if (message.kind === 'check') {
    const checked = await checkArchive(sourceOf(message.bytes))
    archive = checked.archive
    send({ kind: 'checked', ...checked, archive: archive && describe(archive) })
  } else if (message.kind === 'read') {
    if (!archive) throw new Error('a file was asked for before the archive was checked')
    const content = new Uint8Array(await archive.read(message.file))
    send({ kind: 'file', id: message.id, facts: factsOf(content), content }, [content.buffer])
  } else {
    const answer = wanted.get(message.id)
    wanted.delete(message.id)
    answer?.resolve(Buffer.from(message.bytes.buffer))
  }
}

function describe({ vendor, sets, bytesOf, offsetOf }: CheckedArchive) {
  const names = sets.flatMap(({ files }) => files.map(({ file }) => file))
  return { vendor, sets, files: new Map(names.map((name) => [name, { bytes: bytesOf(name), from: offsetOf(name) }])) }
}

parentPort?.on('message', (message: ToThread) => {
  handle(message).catch((error) => {
    const { code, message: sentence } =
      error instanceof AppError ? error : new AppError('INTERNAL', String(error.stack))
    send({ kind: 'failed', id: message.kind === 'read' ? message.id : null, code, message: sentence })
  })
})
