import type { CheckMessage, CheckResult } from '../../../archive-check/messages.ts'

/**
 * Finds all problems of an archive in this browser, by the service's own rules, in a worker that is loaded for it. Nothing is sent.
 * Throws if the file cannot be read.
 * @param options.onProgress called with the share that has been read, 0 to 1
 */
export function checkArchive(
  file: File,
  { onProgress, signal }: { onProgress: (share: number) => void; signal: AbortSignal },
): Promise<CheckResult> {
  const worker = new Worker(new URL('../../../archive-check/worker.ts', import.meta.url), { type: 'module' })
  return new Promise<CheckResult>((resolve, reject) => {
    const fail = () =>
      reject(new Error('The browser cannot read this file: it may have been moved or changed since. Choose it again.'))
    worker.onerror = fail
    worker.onmessage = ({ data }: MessageEvent<CheckMessage>) => {
      if (data.kind === 'progress') onProgress(file.size > 0 ? data.bytes / file.size : 0)
      else if (data.kind === 'done') resolve(data.result)
      else fail()
    }
    signal.addEventListener('abort', () => reject(signal.reason))
    worker.postMessage(file)
  }).finally(() => worker.terminate())
}
