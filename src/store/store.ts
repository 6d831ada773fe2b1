/**
 * The contract of a store of bytes. Keys are relative paths in the grammar of variant.ts.
 * test/support/store-contract.ts is the suite that every implementation passes.
 */
export interface Store {
  /** For messages: a path or a bucket. */
  readonly name: string
  /**
   * The object, or null where there is none. Every other failure throws UNAVAILABLE.
   * @param options.range of its bytes only; without it all of them
   */
  get(key: string, options?: { range?: ByteRange }): Promise<Buffer | null>
  /**
   * Writes the object whole or not at all; no reader ever sees a part of it.
   * An object that is there already stays and `false` is returned, unless `replace` is set. Over a network `false` may
   * also mean that an earlier try of the same call wrote it and the response was lost.
   */
  put(key: string, bytes: Uint8Array, options: PutOptions): Promise<boolean>
  /**
   * Writes many objects in place of what is there. All of them survive a power cut before it returns: for what cannot
   * be made again. When it fails, some may be written.
   */
  putAll(
    objects: readonly { readonly key: string; readonly bytes: Uint8Array }[],
    options: PutAllOptions,
  ): Promise<void>
  /** Size of the object, or null where there is none. */
  head(key: string): Promise<{ bytes: number } | null>
  /** Removes the objects; missing ones are not an error. */
  delete(keys: readonly string[]): Promise<void>
  /**
   * Objects whose key has the prefix, in the order of their keys.
   * @param options.after only keys after this one: where an earlier listing ended
   */
  list(prefix: string, options?: { after?: string }): AsyncIterable<Listed>
  readonly inbox: Inbox
}

/**
 * How an object that may be large is uploaded from outside: directly to the store, or through this service. Either way it
 * appears whole or not at all, with exactly the announced size.
 */
export type Inbox =
  | {
      readonly kind: 'direct'
      /** A URL that takes this one object by PUT, with these headers. */
      sign(
        key: string,
        options: { bytes: number; expiresS: number },
      ): Promise<{ url: string; headers: { name: string; value: string }[] }>
    }
  | {
      readonly kind: 'proxied'
      /**
       * Writes what the stream gives, which is never held in memory. False: an object is there already, and stays.
       * Throws BAD_INPUT for another size than was announced, and what the stream throws.
       */
      receive(key: string, body: AsyncIterable<Uint8Array>, options: { bytes: number }): Promise<boolean>
    }

/** Bytes `from` to before `to`, at least one, as far as the object has them: beyond its end there are none. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

export interface Listed {
  readonly key: string
  readonly bytes: number
  /** Changes when the bytes do. Null where the store would have to read them to know. */
  readonly etag: string | null
}

export interface PutOptions {
  /** MIME type, stored with the object where the store keeps metadata. */
  readonly contentType: string
  /** The three below are kept where the store serves objects itself (S3 behind a CDN): the headers that the origin handler sends too. */
  readonly cacheControl?: string
  /** Fingerprint of the original that the object was made from. */
  readonly sourceHash?: string
  /** What a CDN can invalidate it by. */
  readonly cacheTags?: readonly string[]
  readonly replace?: boolean
  /**
   * The key identifies the bytes, as a variant's version does: an existing object is the same, so where checking costs a
   * request, the object is written again instead, and `true` is returned.
   */
  readonly keyNamesBytes?: boolean
}
export type PutAllOptions = Omit<PutOptions, 'replace' | 'keyNamesBytes'>
