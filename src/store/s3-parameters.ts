import { createHash } from 'node:crypto'
import type { Listed, PutOptions } from './store.ts'

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

/** An object of a listing. */
export function toListed(object: { Key?: string; Size?: number; ETag?: string; LastModified?: Date }): Listed {
  const { Key: key = '', Size: bytes = 0, ETag, LastModified: modifiedAt = new Date(0) } = object
  return { key, bytes, etag: ETag?.replaceAll('"', '') ?? null, modifiedAt }
}
