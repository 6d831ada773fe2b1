import { signal } from '@preact/signals'
import type { CheckResult } from '../../../archive-check/messages.ts'
import { type RequestError, toRequestError } from '../../data/client.ts'
import { checkArchive } from './check-archive.ts'
import { sendArchive } from './send-archive.ts'

/** The archive that was chosen, and how far it is; kept while other pages are looked at. */
export interface Chosen {
  readonly file: File
  readonly step:
    | { readonly kind: 'checking'; readonly share: number }
    | { readonly kind: 'unreadable'; readonly message: string }
    | { readonly kind: 'checked'; readonly result: CheckResult; readonly error: RequestError | null }
    /** share is null while the connection is lost. */
    | { readonly kind: 'sending'; readonly result: CheckResult; readonly share: number | null }
}

export const chosen = signal<Chosen | null>(null)

let aborting = new AbortController()

/** Takes another archive, and checks it in this browser. */
export async function choose(file: File): Promise<void> {
  forget()
  const { signal } = aborting
  const show = (step: Chosen['step']) => {
    if (!signal.aborted) chosen.value = { file, step }
  }
  show({ kind: 'checking', share: 0 })
  try {
    const result = await checkArchive(file, { signal, onProgress: (share) => show({ kind: 'checking', share }) })
    show({ kind: 'checked', result, error: null })
  } catch (error) {
    show({ kind: 'unreadable', message: error instanceof Error ? error.message : String(error) })
  }
}

/** Stops whatever is done with the archive. */
export function forget(): void {
  aborting.abort()
  aborting = new AbortController()
  chosen.value = null
}

/** Sends the archive, which has no problem. Returns the upload's id; null if it failed, which the step says, or was stopped. */
export async function send(): Promise<string | null> {
  const { file, step } = chosen.value ?? {}
  if (!file || step?.kind !== 'checked' || !step.result.content) return null
  const { result } = step
  const { vendor } = step.result.content
  const { signal } = aborting
  const show = (next: Chosen['step']) => {
    if (!signal.aborted) chosen.value = { file, step: next }
  }
  show({ kind: 'sending', result, share: 0 })
  try {
    const onProgress = (share: number | null) => show({ kind: 'sending', result, share })
    const id = await sendArchive(file, { vendor, signal, onProgress })
    if (!signal.aborted) chosen.value = null
    return id
  } catch (thrown) {
    show({ kind: 'checked', result, error: toRequestError(thrown) })
    return null
  }
}
