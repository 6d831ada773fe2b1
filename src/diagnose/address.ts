import { type GlobalId, parseGlobalId } from '../core/global-id.ts'
import {
  type CompositePath,
  isSlug,
  isUniqueId,
  parseCompositeKey,
  parseOriginalKey,
  parseSourceKey,
  parseVariantKey,
  type SourcePath,
  type VariantPath,
} from '../core/variant.ts'
import { withoutPlace } from '../core/visibility.ts'
import { isStablePath } from '../variants/stable-url.ts'

/** What a text that somebody has pasted can be. */
export type Address = { readonly host: string | null } & (
  | { readonly type: 'variant'; readonly key: string; readonly path: VariantPath }
  | { readonly type: 'composite'; readonly key: string; readonly path: CompositePath }
  | { readonly type: 'stable'; readonly key: string; readonly query: string }
  | { readonly type: 'original'; readonly key: string; readonly path: SourcePath }
  | { readonly type: 'node'; readonly id: GlobalId }
  | { readonly type: 'uniqueId'; readonly uniqueId: string }
  | { readonly type: 'slug'; readonly slug: string }
  | { readonly type: 'nothing' }
)

export interface Places {
  /** Hosts, with their ports, at which this service or its CDN answers. */
  readonly hosts: readonly string[]
  /** The path before keys in the public address of pictures, such as `/images`. */
  readonly prefix: string
  readonly buckets: readonly string[]
}

/**
 * Reads a URL, a key with or without a leading slash, a unique id, a node id or a slug. `host` is that of a URL which does not lead to
 * this service; its path is read all the same, and so is the key of a PRIVATE item's picture as its public one. Pure.
 */
export function parseAddress(given: string, places: Places): Address {
  const text = given.trim()
  const node = parseGlobalId(text)
  if (node) return { host: null, type: 'node', id: node }
  if (isUniqueId(text)) return { host: null, type: 'uniqueId', uniqueId: text }
  const { host, path, query } = locate(text, places)
  const key = withoutPlace(path.replace(/^\/+/, '').replace(/^images\/+/, ''))
  return { host, ...read(key, query) }
}

const NOWHERE = { host: null, path: '', query: '' }

function locate(
  text: string,
  { hosts, prefix, buckets }: Places,
): { host: string | null; path: string; query: string } {
  if (!/^(?:https?:|s3:)?\/\//i.test(text)) {
    const [path = '', query = ''] = (text.split('#', 1)[0] ?? '').split('?')
    return { ...NOWHERE, path, query }
  }
  const url = URL.parse(text.startsWith('//') ? `https:${text}` : text)
  if (!url) return NOWHERE
  const { host, pathname, search } = url
  const query = search.slice(1)
  // In the bucket's own address, it is the first label of the host or the first part of the path.
  if (buckets.some((bucket) => host === bucket || host.startsWith(`${bucket}.`)))
    return { host: null, path: pathname, query }
  const inPath = buckets.find((bucket) => pathname.startsWith(`/${bucket}/`))
  if (inPath) return { host: null, path: pathname.slice(inPath.length + 1), query }
  const path = prefix && pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : pathname
  return { host: hosts.includes(host) ? null : host, path, query }
}

type Read = Address extends infer Each ? (Each extends unknown ? Omit<Each, 'host'> : never) : never

function read(key: string, query: string): Read {
  if (isStablePath(key)) return { type: 'stable', key, query }
  const variant = parseVariantKey(key)
  if (variant) return { type: 'variant', key, path: variant }
  const composite = parseCompositeKey(key)
  if (composite) return { type: 'composite', key, path: composite }
  const original = parseOriginalKey(key) ?? parseSourceKey(key)
  if (original) return { type: 'original', key, path: original }
  const slug = key.replace(/\.(?:svg|webp|avif|png)$/, '')
  return isSlug(slug) ? { type: 'slug', slug } : { type: 'nothing' }
}
