import { computed, signal } from '@preact/signals'
import { Viewer, type ViewerQuery } from '../generated.ts'
import { request, setToken, toRequestError } from './client.ts'

const KEY = 'afterimage-token'

/** The token of this tab, if one was given. Kept until the tab is closed; it is never part of a URL. */
export const token = signal<string | null>(sessionStorage.getItem(KEY))
setToken(
  () => token.value,
  () => void checkToken(),
)

/** Who asks, as the service says; null until it has answered. */
export const viewer = signal<ViewerQuery['viewer'] | null>(null)

const REFUSED =
  'Your token has expired or was revoked: sign in with another one. Until then you see what every visitor sees.'

/** Why the last link could not be used, or why the token is not used any more. */
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
    linkProblem.value = null
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
  if (await isRefused()) refusals.value++
}

let checking = false
/** Something was forbidden: perhaps the token is not accepted any more. What is on the page stays, and what was filled in. */
async function checkToken(): Promise<void> {
  if (checking || !viewer.peek()) return
  checking = true
  await isRefused().catch(() => {})
  checking = false
}

/** Asks who is signed in. A token that has expired or was revoked is dropped: what a visitor may see is shown, and why there is no more. */
async function isRefused(): Promise<boolean> {
  try {
    await askWho()
    return false
  } catch (error) {
    if (!token.value || toRequestError(error).code !== 'FORBIDDEN') throw error
  }
  sessionStorage.removeItem(KEY)
  token.value = null
  linkProblem.value = REFUSED
  await askWho()
  return true
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
