/**
 * The contract of a store. Keys are relative paths in the grammar of variant.ts. Every implementation must pass
 * test/support/store-contract.ts.
 */
export interface Store {
  /** For messages: a path or a bucket. */
  readonly name: string
  /**
   * The object, or null if there is none. Every other failure throws UNAVAILABLE.
   * @param options.range only this range of bytes
   */
  get(key: string, options?: { range?: ByteRange }): Promise<Buffer | null>
  /**
   * Writes the object completely or not at all; readers never see a part of it. Returns `false` and keeps an existing object, unless
   * `replace` is set. Over a network, `false` may also mean that an earlier attempt of the same call wrote it and the response was lost.
   */
  put(key: string, bytes: Uint8Array, options: PutOptions): Promise<boolean>
  /**
   * Writes many objects, replacing existing ones. All of them survive a power cut once it returns: for objects that cannot be made again.
   * If it fails, some may have been written.
   */
  putAll(
    objects: readonly { readonly key: string; readonly bytes: Uint8Array }[],
    options: PutAllOptions,
  ): Promise<void>
  /**
   * Copies an object within the store, with its metadata and without passing its bytes through this process, replacing one with the other
   * key; completely or not at all. False: there is no such object.
   */
  copy(key: string, to: string): Promise<boolean>
  /** Size of the object, or null if there is none. */
  head(key: string): Promise<{ bytes: number } | null>
  /** Removes the objects; missing ones are not an error. */
  delete(keys: readonly string[]): Promise<void>
  /**
   * Objects whose key has the prefix, in the order of their keys.
   * @param options.after only keys after this one, to continue an earlier listing
   */
  list(prefix: string, options?: { after?: string }): AsyncIterable<Listed>
  readonly inbox: Inbox
  /** A URL that downloads one object until it expires, without a request. Null: the store has none, and this service serves it. */
  readonly signGet: ((key: string, options: SignGetOptions) => Promise<string>) | null
}

export interface SignGetOptions {
  readonly expiresS: number
  /** The name that a browser saves it under. */
  readonly fileName: string
  readonly contentType: string
}

/**
 * How a possibly large object is uploaded from outside: directly to the store, or through this service. Either way it appears completely
 * or not at all, with exactly the announced size.
 */
export type Inbox =
  | {
      readonly kind: 'direct'
      /** The origin of all such URLs, which a page that sends an archive must be allowed to reach. */
      readonly origin: string
      /** A URL that accepts this one object by PUT, with these headers. */
      sign(
        key: string,
        options: { bytes: number; expiresS: number },
      ): Promise<{ url: string; headers: { name: string; value: string }[] }>
    }
  | {
      readonly kind: 'proxied'
      /**
       * Writes a stream without holding it in memory. False: an object exists already, and stays. Throws BAD_INPUT if the size differs
       * from the announced one, and the stream's own errors.
       */
      receive(key: string, body: AsyncIterable<Uint8Array>, options: { bytes: number }): Promise<boolean>
    }

/** Bytes `from` to before `to`, at least one; fewer if the object ends earlier. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

export interface Listed {
  readonly key: string
  readonly bytes: number
  /** Changes when the bytes do. Null if the store would have to read them to compute it. */
  readonly etag: string | null
  /** When it was written, by the store's clock; S3 tells it to the second. */
  readonly modifiedAt: Date
}

export interface PutOptions {
  /** MIME type, if the store keeps metadata. */
  readonly contentType: string
  /** The following three are kept if the store serves objects itself (S3 behind a CDN): the headers that the origin handler sends too. */
  readonly cacheControl?: string
  /** Fingerprint of the original that the object was made from. */
  readonly sourceHash?: string
  /** Tags by which a CDN can invalidate it. */
  readonly cacheTags?: readonly string[]
  readonly replace?: boolean
  /**
   * The key identifies the bytes, as a variant's version does: an existing object is identical, so if checking costs a request, the
   * object is written again instead, and `true` is returned.
   */
  readonly keyNamesBytes?: boolean
}
export type PutAllOptions = Omit<PutOptions, 'replace' | 'keyNamesBytes'>
