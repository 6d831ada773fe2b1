import { signPath } from '../access/signed-url.ts'
import { parseCompositeKey } from '../core/variant.ts'
import { placeKey } from '../core/visibility.ts'
import type { Context } from './builder.ts'

/** A signed URL is valid for 10 to 15 minutes; in between, requests get the same one, which browsers have cached. */
const WINDOW_S = 300
const VALID_S = 600

/**
 * The URL of a picture: permanent, or for a PRIVATE item one that expires, signed by this service and, if its CDN has a key, for the CDN
 * too. With PUBLIC_READS=off, one without a version expires too, as anybody could make it up.
 */
export function pictureUrlOf(
  { app, imageUrl }: Pick<Context, 'app' | 'imageUrl'>,
  { key, isPrivate }: { key: string; isPrivate: boolean },
): string {
  const isSigned = isPrivate || (!app.config.publicReads && parseCompositeKey(key)?.version === null)
  if (!isSigned) return `${imageUrl}/${key}`
  const path = placeKey(key, { isPrivate })
  const expires = Math.ceil(Date.now() / 1000 / WINDOW_S) * WINDOW_S + VALID_S
  const url = `${imageUrl}/${path}?${signPath(app.urlSecret, { purpose: 'picture', path, expires })}`
  return app.signForCdn?.(url, expires) ?? url
}
