import { useSignal } from '@preact/signals'
import { toRequestError } from '../data/client.ts'
import { isSignedIn, linkProblem, signIn, signOut, viewer } from '../data/session.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/form.tsx'
import { Icon } from '../ui/icon.tsx'
import { toast } from '../ui/toast.tsx'
import { nextTheme, theme } from './theme.ts'

/** Who is signed in, with which scopes; signing in and out; the theme. */
export function Account() {
  const name = viewer.value?.name ?? (isSignedIn.value ? 'Signed in' : null)
  return (
    <div class="account">
      <button
        type="button"
        class="button quiet square"
        onClick={nextTheme}
        aria-label={`Theme: ${theme.value}. Change it.`}
        title={`Theme: ${theme.value}`}
      >
        <Icon name="theme" />
      </button>
      <button type="button" class={`button ${isSignedIn.value ? 'quiet' : 'primary'}`} popovertarget="sign-in">
        <Icon name="key" />
        <span class="clip account-name">{isSignedIn.value ? name : 'Sign in'}</span>
      </button>
      <div id="sign-in" popover="auto" class="panel">
        {isSignedIn.value ? <SignedIn /> : <SignIn />}
      </div>
    </div>
  )
}

function SignedIn() {
  const { name, scopes = [], vendor } = viewer.value ?? {}
  return (
    <div class="stack">
      <h2 class="wrap">{name ?? 'Signed in'}</h2>
      {vendor && <p class="wrap">Sees the catalogue of {vendor.name} only.</p>}
      <div>
        <p class="muted small">
          {scopes.length > 0 ? 'May do:' : 'This token has no scope: it may look at the catalogue.'}
        </p>
        <ul class="scopes">
          {scopes.map((scope) => (
            <li key={scope}>
              <code>{scope}</code>
            </li>
          ))}
        </ul>
      </div>
      <p>
        <Button onClick={signOut}>Sign out</Button>
      </p>
    </div>
  )
}

function SignIn() {
  const token = useSignal('')
  const problem = useSignal<string | null>(null)
  const isBusy = useSignal(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    const given = token.value.trim()
    if (!given) {
      problem.value = 'Paste a token: npm start prints the admin token.'
      return
    }
    isBusy.value = true
    problem.value = null
    try {
      await signIn(given)
      if (viewer.value?.scopes.length === 0) {
        problem.value = 'The service does not know this token: check that it was copied whole.'
        return
      }
      toast(viewer.value ? `Signed in as ${viewer.value.name}.` : 'Signed in.')
      document.getElementById('sign-in')?.hidePopover()
    } catch (error) {
      problem.value = toRequestError(error).message
    } finally {
      isBusy.value = false
    }
  }
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <h2>Sign in with a token</h2>
      <p class="muted small">
        It is kept in this tab only. The admin token is printed by <code>npm start</code>.
      </p>
      <TextField label="Token" type="password" problem={problem.value ?? linkProblem.value} value={token} />
      <p>
        <Button type="submit" kind="primary" isBusy={isBusy.value}>
          Sign in
        </Button>
      </p>
    </form>
  )
}
