import { createHash } from 'node:crypto'
import type { PutOptions } from './store.ts'

/** The parameters of a put: the headers that are stored with the object, and the conditions. */
export function parametersOf(bytes: Uint8Array, options: PutOptions) {
  const { contentType, cacheControl, sourceHash, cacheTags, replace } = options
  return {
    ContentType: contentType,
    CacheControl: cacheControl,
    // The service refuses the request if other bytes arrive.
    ContentMD5: createHash('md5').update(bytes).digest('base64'),
    Metadata: {
      ...(sourceHash ? { 'source-hash': sourceHash } : {}),
      ...(cacheTags ? { 'cache-tag': cacheTags.join(',') } : {}),
    },
    ...(replace ? {} : { IfNoneMatch: '*' }),
  }
}
