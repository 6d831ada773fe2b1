import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

export type Group = 'single-colour' | 'colour'

export interface Icon {
  /** `prefix:slug` */
  readonly name: string
  readonly group: Group
  readonly svg: Buffer
}

interface Box {
  left?: number
  top?: number
  width?: number
  height?: number
}
interface IconSet extends Box {
  prefix: string
  info?: { palette?: boolean }
  icons: Record<string, Box & { body: string; hidden?: boolean }>
}

/** SMIL moves between the first frame and the screenshot; a preview is a still, so both sides draw it at rest. */
const ANIMATION = /<(animate|animateTransform|animateMotion|set)\b[^>]*?(\/>|>[\s\S]*?<\/\1>)/g

/**
 * `count` icons of @iconify/json, spread evenly over the sets of each group; half of them coloured unless `colourShare` says otherwise:
 * in proportion to the sets it is one in four. The same seed and package give the same icons.
 */
export async function drawIcons(
  modules: string,
  options: { count: number; seed: number; colourShare?: 'half' | 'as the sets are' },
): Promise<Icon[]> {
  const { count, seed, colourShare = 'half' } = options
  const folder = path.join(modules, '@iconify/json/json')
  const sets: Record<Group, IconSet[]> = { colour: [], 'single-colour': [] }
  for (const file of (await readdir(folder)).sort()) {
    const set = JSON.parse(await readFile(path.join(folder, file), 'utf8')) as IconSet
    sets[set.info?.palette ? 'colour' : 'single-colour'].push(set)
  }
  const random = randomFrom(seed)
  const share = colourShare === 'half' ? 0.5 : sets.colour.length / (sets.colour.length + sets['single-colour'].length)
  const coloured = Math.floor(count * share)
  return [
    ...spread(sets['single-colour'], { group: 'single-colour', count: count - coloured, random }),
    ...spread(sets.colour, { group: 'colour', count: coloured, random }),
  ]
}

/** One icon of each set in turn, until there are enough or all sets are exhausted. */
function spread(sets: IconSet[], options: { group: Group; count: number; random: () => number }): Icon[] {
  const { group, count, random } = options
  const decks = sets.map((set) => ({ set, slugs: shuffled(visible(set), random) }))
  const icons: Icon[] = []
  while (icons.length < count) {
    const before = icons.length
    for (const { set, slugs } of shuffled(decks, random)) {
      const slug = slugs.pop()
      if (slug && icons.length < count) icons.push({ name: `${set.prefix}:${slug}`, group, svg: toSvg(set, slug) })
    }
    if (icons.length === before) break
  }
  return icons
}

const visible = ({ icons }: IconSet) => Object.keys(icons).filter((slug) => !icons[slug]?.hidden)

/** The document that src/import/iconify.ts makes of it, without animations. */
export function toSvg(set: IconSet, slug: string): Buffer {
  const icon = set.icons[slug]
  if (!icon) throw new Error(`${set.prefix} has no icon ${slug}`)
  const of = (side: keyof Box, fallback: number) => icon[side] ?? set[side] ?? fallback
  const [width, height] = [of('width', 16), of('height', 16)]
  const body = icon.body.replaceAll(ANIMATION, '')
  const xlink = body.includes('xlink:') ? ' xmlns:xlink="http://www.w3.org/1999/xlink"' : ''
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg"${xlink} width="${width}" height="${height}" viewBox="${of('left', 0)} ${of('top', 0)} ${width} ${height}">${body}</svg>`,
  )
}

/** In place; the same seed gives the same order. */
export const shuffle = <T>(list: T[], seed: number): T[] => shuffled(list, randomFrom(seed))

function shuffled<T>(list: T[], random: () => number): T[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[list[last], list[other]] = [list[other] as T, list[last] as T]
  }
  return list
}

/** Mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
