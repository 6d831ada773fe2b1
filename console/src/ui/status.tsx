/** What a picture, or an item's pictures, can be; each with its own shape, colour and word. */
export type State = 'ready' | 'stale' | 'missing' | 'failed' | 'gone'

const WORDS: Readonly<Record<State, string>> = {
  ready: 'ready',
  stale: 'stale',
  missing: 'missing',
  failed: 'failed',
  gone: 'taken down',
}

export const stateOf = (status: 'READY' | 'PENDING' | 'FAILED' | 'GONE'): State =>
  (({ READY: 'ready', PENDING: 'missing', FAILED: 'failed', GONE: 'gone' }) as const)[status]

/** The shape alone; where its word does not stand beside it, give `label`. */
export function Mark({ state, label }: { state: State; label?: string }) {
  return (
    <svg
      class={`mark ${state}`}
      viewBox="0 0 12 12"
      width="10"
      height="10"
      role={label ? 'img' : undefined}
      aria-hidden={label ? undefined : 'true'}
      aria-label={label}
    >
      <title>{label ?? WORDS[state]}</title>
      {state === 'ready' && <circle cx="6" cy="6" r="5" fill="currentColor" />}
      {state === 'stale' && (
        <>
          <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" stroke-width="1.6" />
          <path d="M6 1a5 5 0 0 1 0 10z" fill="currentColor" />
        </>
      )}
      {state === 'missing' && <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" stroke-width="1.6" />}
      {state === 'failed' && <path d="M6 .8 11.6 11H.4z" fill="currentColor" />}
      {state === 'gone' && <path d="m2 2 8 8M10 2l-8 8" stroke="currentColor" stroke-width="2" />}
    </svg>
  )
}

export function Status({ state, children }: { state: State; children?: preact.ComponentChildren }) {
  return (
    <span class={`status ${state}`}>
      <Mark state={state} />
      {children ?? WORDS[state]}
    </span>
  )
}
