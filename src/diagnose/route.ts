import type { DefaultCacheBehavior, DistributionConfig, Origin, OriginGroup } from '@aws-sdk/client-cloudfront'
import { printVariantKey } from '../core/variant.ts'
import { PRIVATE_PREFIX } from '../core/visibility.ts'

/** The origins that a picture is requested from. */
export interface Route {
  readonly behavior: Omit<DefaultCacheBehavior, 'PathPattern'>
  readonly group: OriginGroup | null
  readonly primary: Origin | null
  readonly secondary: Origin | null
}

/** The route of a picture's URL: the first behaviour whose pattern it matches, else the default one. */
export function routeOf(live: DistributionConfig, publicImageUrl: string | null): Route {
  const own = ownBehavior(live, `${pathOf(publicImageUrl)}/${SAMPLE}`)
  const behavior = own ?? (live.DefaultCacheBehavior as DefaultCacheBehavior)
  const origin = (id: string | undefined) => live.Origins?.Items?.find((one) => one.Id === id) ?? null
  const group = live.OriginGroups?.Items?.find(({ Id }) => Id === behavior.TargetOriginId) ?? null
  const [first, second] = group?.Members?.Items ?? [{ OriginId: behavior.TargetOriginId }]
  return { behavior, group, primary: origin(first?.OriginId), secondary: origin(second?.OriginId) }
}

/** The first behaviour whose pattern the path matches; undefined: the default one. */
const ownBehavior = (live: DistributionConfig, path: string) =>
  live.CacheBehaviors?.Items?.find(({ PathPattern: pattern = '' }) => matches(pattern, path))

/** Whether stable addresses of items have their own behaviour: the one for pictures does not forward the query string. */
export const separatesStable = (live: DistributionConfig, publicImageUrl: string | null): boolean =>
  ownBehavior(live, `${pathOf(publicImageUrl)}/i/ABCDEFGHIJKL.webp`) !==
  ownBehavior(live, `${pathOf(publicImageUrl)}/${SAMPLE}`)

/** The behaviour of PRIVATE items' pictures, if it has this service as its only origin. Null: they are requested as all others are. */
export function privateBehavior(live: DistributionConfig, publicImageUrl: string | null): Route['behavior'] | null {
  const behavior = ownBehavior(live, `${pathOf(publicImageUrl)}/${PRIVATE_PREFIX}${SAMPLE}`)
  const { primary } = routeOf(live, publicImageUrl)
  const isOrigin = live.Origins?.Items?.some(({ Id }) => Id === behavior?.TargetOriginId && Id !== primary?.Id)
  return behavior && isOrigin ? behavior : null
}

const SAMPLE = printVariantKey({
  ...{ vendor: 'acme', kind: 'ICON', family: 'FAMILY000001', iconSet: 'SET000000001', slug: 'sample' },
  ...{ preset: 'preview', version: 'aaaaaaaaaaaaaaaa', format: 'WEBP' },
})

/** CloudFront's patterns: `*` for any characters, `?` for one; a leading slash is optional. */
function matches(pattern: string, path: string): boolean {
  const source = pattern.replace(/^\//, '').replace(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^/${source.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(path)
}

/** The path of a URL without its trailing slash; empty without one. */
export const pathOf = (url: string | null) => (url ? new URL(url).pathname.replace(/\/$/, '') : '')
