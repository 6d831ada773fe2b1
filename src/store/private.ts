import { isPrivateKey } from '../core/visibility.ts'
import type { Store } from './store.ts'

/**
 * The store of pictures: those of PRIVATE items, by their keys, lie with the originals, which no CDN can read; all others in the public
 * store. This is the only place that decides it, so a private key never reaches the public store, and no copy leaves its store.
 */
export function openPictureStore({ previews, originals }: { previews: Store; originals: Store }): Store {
  const storeOf = (key: string) => (isPrivateKey(key) ? originals : previews)
  const split = <T>(all: readonly T[], keyOf: (each: T) => string) => {
    const isPrivate = (each: T) => isPrivateKey(keyOf(each))
    return [
      [previews, all.filter((each) => !isPrivate(each))],
      [originals, all.filter(isPrivate)],
    ] as const
  }
  return {
    name: previews.name,
    get: (key, options) => storeOf(key).get(key, options),
    put: (key, bytes, options) => storeOf(key).put(key, bytes, options),
    async putAll(objects, options) {
      for (const [store, own] of split(objects, ({ key }) => key)) if (own.length > 0) await store.putAll(own, options)
    },
    async copy(key, to) {
      if (storeOf(key) !== storeOf(to))
        throw new Error(`${key} must not be copied to ${to}: one of them is private, the other is public`)
      return await storeOf(key).copy(key, to)
    },
    head: (key) => storeOf(key).head(key),
    async delete(keys) {
      for (const [store, own] of split(keys, (key) => key)) if (own.length > 0) await store.delete(own)
    },
    list: (prefix, options) => storeOf(prefix).list(prefix, options),
    inbox: previews.inbox,
    signGet: previews.signGet,
  }
}
