import { createHmac, timingSafeEqual } from 'node:crypto'
import { printUploadKey } from '../core/variant.ts'
import type { UrlSecret } from '../core/version.ts'
import type { Store } from '../store/store.ts'

/** How long a URL accepts its archive. */
export const URL_LIFE_S = 3600

/** Where and how an archive is to be sent, by PUT. */
export interface UploadUrl {
  readonly url: string
  /** The request must have exactly these. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly expiresAt: Date
}

/** Signs the URL for an upload's archive: a direct one if the store supports that, else one of this service. @param base of this API, without a trailing slash */
export async function signUploadUrl(
  { originals, urlSecret }: { originals: Store; urlSecret: UrlSecret },
  { id, bytes, base, now = Date.now() }: { id: number; bytes: number; base: string; now?: number },
): Promise<UploadUrl> {
  const expires = Math.floor(now / 1000) + URL_LIFE_S
  const expiresAt = new Date(expires * 1000)
  if (originals.inbox.kind === 'direct') {
    const signed = await originals.inbox.sign(printUploadKey(id), { bytes, expiresS: URL_LIFE_S })
    return { ...signed, expiresAt }
  }
  const url = new URL(`${base}/uploads/${id}`)
  url.searchParams.set('expires', String(expires))
  url.searchParams.set('signature', signatureOf(urlSecret.value, { id, expires }))
  return { url: url.href, headers: [], expiresAt }
}

/** Whether a URL of this service has a valid signature, by any of the secrets, and has not expired. Compared in constant time. */
export function checkUploadUrl(
  urlSecrets: readonly UrlSecret[],
  { id, expires, signature, now = Date.now() }: { id: number; expires: string; signature: string; now?: number },
): 'good' | 'expired' | 'forged' {
  const seconds = Number(expires)
  const given = Buffer.from(signature)
  const isSignedWith = ({ value }: UrlSecret) => {
    const expected = Buffer.from(signatureOf(value, { id, expires: seconds }))
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
  if (!/^\d{1,12}$/.test(expires) || !urlSecrets.some(isSignedWith)) return 'forged'
  return seconds * 1000 < now ? 'expired' : 'good'
}

const signatureOf = (secret: string, { id, expires }: { id: number; expires: number }) =>
  createHmac('sha256', secret).update(`upload\n${id}\n${expires}`).digest('base64url')
