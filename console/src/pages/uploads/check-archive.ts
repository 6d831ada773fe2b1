import type { CheckMessage, CheckResult } from '../../../archive-check/messages.ts'

/**
 * Finds all problems of an archive in this browser, by the service's own rules, in a worker that is loaded for it. Nothing is sent.
 * Throws if the file cannot be read, or the worker cannot be loaded.
 * @param options.onProgress called with the share that has been read, 0 to 1
 */
export function checkArchive(
  file: File,
  { onProgress, signal }: { onProgress: (share: number) => void; signal: AbortSignal },
): Promise<CheckResult> {
  const worker = new Worker(new URL('../../../archive-check/worker.ts', import.meta.url), { type: 'module' })
  return new Promise<CheckResult>((resolve, reject) => {
    const fail = (sentence: string) => reject(new Error(sentence))
    worker.onerror = () =>
      fail('The check could not be loaded from the service, which may be restarting: try again in a moment.')
    worker.onmessage = ({ data }: MessageEvent<CheckMessage>) => {
      if (data.kind === 'progress') onProgress(file.size > 0 ? data.bytes / file.size : 0)
      else if (data.kind === 'done') resolve(data.result)
      else fail('The browser cannot read this file: it may have been moved or changed since. Choose it again.')
    }
    signal.addEventListener('abort', () => reject(signal.reason))
    worker.postMessage(file)
  }).finally(() => worker.terminate())
}
