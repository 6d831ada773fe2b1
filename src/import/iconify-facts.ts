import type { FamilyTerms, ItemFacts } from '../catalogue/upsert-items.ts'
import { isStorable } from '../core/text.ts'
import { emojiOf } from '../search/fold.ts'
import { flagOf } from '../search/regions.ts'
import type { IconifySet } from './iconify-schema.ts'

/** Maximum number of other names of an item, the same as in the manifest. */
const ALIASES_MAX = 50
const NAME_MAX = 200
/** Iconify's category for sets of flags, whose icons are named by country code. */
const FLAGS = 'Flags / Maps'

/** The licence and author that a set states for its icons. */
export function termsOf({ info }: Pick<IconifySet, 'info'>): FamilyTerms {
  const { license, author, name } = info
  return {
    licenseTitle: license?.title ?? null,
    licenseSpdx: license?.spdx ?? null,
    licenseUrl: isWebAddress(license?.url) ? license.url : null,
    attribution: license ? `${name} by ${author.name}, ${license.title}` : `${name} by ${author.name}`,
    author: author.name,
  }
}

const isWebAddress = (url: string | undefined): url is string =>
  url !== undefined && /^https?:\/\//.test(url) && URL.canParse(url)

/** The aliases and emoji of each icon of a set. */
export function createFactsOf(set: IconifySet): (slug: string) => ItemFacts {
  const aliases = new Map<string, string[]>()
  const iconOf = new Map<string, string>()
  for (const alias of Object.keys(set.aliases ?? {})) {
    const icon = findIcon(set, alias)
    if (icon === null || !isStorable(alias) || alias.length > NAME_MAX) continue
    iconOf.set(alias, icon)
    const known = aliases.get(icon) ?? []
    if (known.length < ALIASES_MAX) known.push(alias)
    aliases.set(icon, known)
  }
  const characters = new Map<string, string[]>()
  for (const [code, name] of Object.entries(set.chars ?? {})) {
    const points = code.split('-').map((hex) => Number.parseInt(hex, 16))
    if (!points.every((point) => point > 0 && point <= 0x10ffff)) continue
    const text = String.fromCodePoint(...points)
    const [emoji] = emojiOf(text)
    const icon = iconOf.get(name) ?? name
    if (emoji && isStorable(text)) characters.set(icon, [...(characters.get(icon) ?? []), emoji])
  }
  return (slug) => {
    const flag = set.info.category === FLAGS && !characters.has(slug) ? flagOf(slug) : null
    return { tags: [], aliases: aliases.get(slug) ?? [], characters: flag ? [flag] : (characters.get(slug) ?? []) }
  }
}

/** The icon that an alias is another name for; null if the alias transforms the icon or refers to nothing. */
function findIcon({ aliases = {} }: IconifySet, alias: string): string | null {
  let name = alias
  for (let step = 0; step < 5; step++) {
    const next = Object.hasOwn(aliases, name) ? aliases[name] : undefined
    if (!next) return name
    if (Object.keys(next).some((key) => CHANGES.has(key))) return null
    name = next.parent
  }
  return null
}

const CHANGES = new Set(['rotate', 'hFlip', 'vFlip', 'left', 'top', 'width', 'height'])
