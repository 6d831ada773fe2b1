import type { ComponentChildren } from 'preact'
import type { RequestError } from '../data/client.ts'
import { isSignedIn } from '../data/session.ts'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

/** What failed, and what to do about it. */
export function Problem({ error, what, onRetry }: { error: RequestError; what: string; onRetry?: () => void }) {
  const isForbidden = error.code === 'FORBIDDEN'
  return (
    <div class="notice failed" role="alert">
      <Icon name="warning" />
      <div class="stack">
        <p class="wrap">
          <strong>{what}</strong> {error.message}
        </p>
        {isForbidden && !isSignedIn.value && (
          <p>
            <Button kind="plain" icon="key" popovertarget="sign-in">
              Sign in
            </Button>
          </p>
        )}
        {!isForbidden && onRetry && (
          <p>
            <Button icon="again" onClick={onRetry}>
              Try again
            </Button>
          </p>
        )}
      </div>
    </div>
  )
}

/** A list without anything in it: what it would show, and the step that leads there. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <div class="prose muted">{children}</div>}
    </div>
  )
}
