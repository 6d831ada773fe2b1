import type { UploadFieldsFragment, UploadStatus } from '../../generated.ts'
import { type State, Status } from '../../ui/status.tsx'

const STATES: Readonly<Record<UploadStatus, readonly [State, string]>> = {
  CREATED: ['missing', 'waiting for its archive'],
  CHECKING: ['stale', 'checking'],
  INGESTING: ['stale', 'adding items'],
  RENDERING: ['stale', 'rendering'],
  COMPLETED: ['ready', 'completed'],
  REFUSED: ['failed', 'refused'],
  FAILED: ['failed', 'failed'],
}

/** What an upload is at, in a word. */
export function UploadState({ status }: Pick<UploadFieldsFragment, 'status'>) {
  const [state, word] = STATES[status]
  return <Status state={state}>{word}</Status>
}
