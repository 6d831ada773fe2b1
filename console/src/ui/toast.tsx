import { signal } from '@preact/signals'
import { Mark, type State } from './status.tsx'

interface Toast {
  readonly id: number
  readonly text: string
  readonly state: State
}

const shown = signal<readonly Toast[]>([])
/** Long enough to be read twice. */
const SHOWN_MS = 7000
let lastId = 0

/** Says in a corner what came of something that was done; a mistake stays on the page itself, beside what it is about. */
export function toast(text: string, state: State = 'ready'): void {
  const id = ++lastId
  shown.value = [...shown.value.filter((each) => each.text !== text).slice(-2), { id, text, state }]
  setTimeout(() => {
    shown.value = shown.value.filter((each) => each.id !== id)
  }, SHOWN_MS)
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.value.map(({ id, text, state }) => (
        <p key={id} class="toast wrap">
          <Mark state={state} />
          {text}
        </p>
      ))}
    </div>
  )
}
