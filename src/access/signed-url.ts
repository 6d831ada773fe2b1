import { createHmac, timingSafeEqual } from 'node:crypto'
import type { UrlSecret } from '../core/version.ts'

/** What a signed URL allows to download. One signature never serves for the other. */
export type SignedPurpose = 'picture' | 'original'

/** A path that anyone may request until it expires. */
export interface SignedPath {
  readonly purpose: SignedPurpose
  /** Below the service's address: for a picture its object's key, for an original its key. */
  readonly path: string
}

/** Not `Expires` and `Signature`, which mean something to CloudFront and S3. */
export const SIGNED_PARAMETERS = { expires: 'until', signature: 'sig' } as const

/** The query parameters that sign a path. @param expires in s since 1970 */
export function signPath(
  { value }: UrlSecret,
  { expires, ...signed }: SignedPath & { expires: number },
): URLSearchParams {
  return new URLSearchParams({
    [SIGNED_PARAMETERS.expires]: String(expires),
    [SIGNED_PARAMETERS.signature]: signatureOf(value, { ...signed, expires: String(expires) }),
  })
}

/** Whether the parameters sign the path with one of the secrets, and have not expired. Compared in constant time. */
export function checkSignedPath(
  secrets: readonly UrlSecret[],
  { parameters, now = Date.now(), ...signed }: SignedPath & { parameters: URLSearchParams; now?: number },
): 'good' | 'expired' | 'forged' {
  const expires = parameters.get(SIGNED_PARAMETERS.expires) ?? ''
  const given = Buffer.from(parameters.get(SIGNED_PARAMETERS.signature) ?? '')
  const isSigned = secrets.some(({ value }) => {
    const expected = Buffer.from(signatureOf(value, { ...signed, expires }))
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  if (!/^\d{1,12}$/.test(expires) || !isSigned) return 'forged'
  return Number(expires) * 1000 < now ? 'expired' : 'good'
}

const signatureOf = (secret: string, { purpose, path, expires }: SignedPath & { expires: string }) =>
  createHmac('sha256', secret).update(`${purpose}\n${path}\n${expires}`).digest('base64url')
