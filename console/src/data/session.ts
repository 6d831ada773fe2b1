import { computed, signal } from '@preact/signals'
import { Viewer, type ViewerQuery } from '../generated.ts'
import { request, setToken, toRequestError } from './client.ts'

const KEY = 'afterimage-token'

/** The token of this tab, if one was given. Kept until the tab is closed; it is never part of a URL. */
export const token = signal<string | null>(sessionStorage.getItem(KEY))
setToken(() => token.value)

/** Who asks, as the service says; null until it has answered. */
export const viewer = signal<ViewerQuery['viewer'] | null>(null)

/** Why the last link could not be used, or the token that was kept. */
export const linkProblem = signal<string | null>(null)

/** How often a kept token was refused: what was asked for with it must be asked for again. */
export const refusals = signal(0)

export const isSignedIn = computed(() => token.value !== null)

/** The scopes of the token; a signed-out visitor has none. */
const scopes = computed(() => new Set(viewer.value?.scopes ?? []))

/**
 * Why this may not be done: the sentence beside a disabled button; null if it may. Until the service has said who asks, nothing is
 * disabled: it refuses by itself what is not allowed.
 */
export function whyNot(scope: string): string | null {
  if (scopes.value.has(scope) || (isSignedIn.value && !viewer.value)) return null
  return isSignedIn.value
    ? `This needs the scope ${scope}, which your token does not have: ask an operator for a token with it.`
    : `This needs a token with the scope ${scope}: sign in first.`
}

/** Takes a token, and says whether the service knows it. */
export async function signIn(given: string): Promise<void> {
  token.value = given
  try {
    await askWho()
    sessionStorage.setItem(KEY, given)
  } catch (error) {
    token.value = null
    throw error
  }
}

export function signOut(): void {
  sessionStorage.removeItem(KEY)
  token.value = null
  viewer.value = null
  location.reload()
}

/**
 * Uses the code of a link such as /#code=…, which it removes from the address; then asks who is signed in. A kept token that the service
 * refuses is dropped.
 */
export async function openSession(): Promise<void> {
  const [, code] = /^#code=([\w-]+)$/.exec(location.hash) ?? []
  if (code) {
    history.replaceState(null, '', location.pathname + location.search)
    const response = await fetch('/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    })
    if (response.ok) {
      const { token: given } = (await response.json()) as { token: string }
      await signIn(given)
      return
    }
    if (!token.value) linkProblem.value = (await response.text()).replace(/^[A-Z_]+: /, '').trim()
  }
  try {
    await askWho()
  } catch (error) {
    const { code: refused, message } = toRequestError(error)
    if (!token.value || refused !== 'FORBIDDEN') throw error
    // It has expired or was revoked since: what a visitor may see is shown, and why there is no more.
    sessionStorage.removeItem(KEY)
    token.value = null
    linkProblem.value = message
    refusals.value++
    await askWho()
  }
}

async function askWho(): Promise<void> {
  viewer.value = await request(Viewer, {}).then(
    (data) => data.viewer,
    (error: unknown) => {
      // A service without this field.
      if (toRequestError(error).code === 'GRAPHQL_VALIDATION_FAILED') return null
      throw error
    },
  )
}
