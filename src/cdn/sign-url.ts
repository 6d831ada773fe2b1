import { getSignedUrl } from '@aws-sdk/cloudfront-signer'
import { LRUCache } from 'lru-cache'
import type { CdnSigningKey } from '../core/config/aws.ts'

/** A signature takes about 1 ms of CPU with RSA; a page that is requested again has the same URLs. */
const KEPT_MAX = 5000

/** Signs URLs for a distribution that requires it. @returns a function of a URL and the time in s since 1970 at which it expires */
export function createCdnSigner({ keyPairId, privateKey }: CdnSigningKey): (url: string, expires: number) => string {
  const kept = new LRUCache<string, string>({ max: KEPT_MAX })
  return (url, expires) => {
    const known = kept.get(url)
    if (known) return known
    const signed = getSignedUrl({ url, keyPairId, privateKey, dateLessThan: new Date(expires * 1000).toISOString() })
    kept.set(url, signed)
    return signed
  }
}
