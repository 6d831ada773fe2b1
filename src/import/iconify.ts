import { access, readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { AppError } from '../core/errors.ts'
import { isSlug, nameOf, uniqueIdOf } from '../core/variant.ts'
import { createFactsOf, termsOf } from './iconify-facts.ts'
import { type BOX, type IconifyIcon, type IconifySet, iconSchema, setSchema } from './iconify-schema.ts'
import type { Entry, Refusal } from './import-items.ts'
import { readMembers } from './read-members.ts'

export interface IconifyOptions {
  /** Also includes icons that their author has withdrawn. */
  readonly hidden?: boolean
  /** The username of an author in the catalogue. */
  readonly vendorOf?: (author: string) => Entry['vendor']
}

/** True for a directory that is an Iconify JSON package, such as `node_modules/@iconify-json/lucide`. */
export const isIconifyPackage = (directory: string): Promise<boolean> => isThere(path.join(directory, 'icons.json'))

export const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

/** The icons of an Iconify JSON package; see `readIconifySet`. */
export async function* readIconify(directory: string): AsyncIterable<Entry | Refusal> {
  const readJson = (name: string) => {
    const file = path.join(directory, name)
    return readFile(file, 'utf8').then(JSON.parse).catch(refuse(file))
  }
  const chars = (await isThere(path.join(directory, 'chars.json'))) ? await readJson('chars.json') : undefined
  const beside = { ...(await readJson('metadata.json')), info: await readJson('info.json'), chars }
  yield* readIconifySet(path.join(directory, 'icons.json'), { beside })
}

/**
 * An Iconify icon set as entries: vendor = the set's author, family = the set, icon sets = its categories, or one.
 * A coloured set (`info.palette`) is illustrations, any other is icons. An alias is another name for its icon; one that rotates or
 * mirrors it is left out, and so are hidden icons unless requested. Memory: one icon at a time. Throws BAD_INPUT
 * for a file that is not an icon set.
 * @param options.beside what other files in its package say about it
 */
export async function* readIconifySet(
  file: string,
  options: IconifyOptions & { readonly beside?: object } = {},
): AsyncIterable<Entry | Refusal> {
  try {
    // Read twice: a set's defaults for all its icons may come after them.
    const about: Record<string, unknown> = {}
    for await (const { of, text } of readMembers(file, 'icons'))
      if (of === null) Object.assign(about, JSON.parse(`{${text}}`))
    const toEntry = createToEntry(setSchema.parse({ ...about, ...options.beside }), options)
    for await (const { of, text } of readMembers(file, 'icons')) {
      if (of === null) continue
      for (const [slug, json] of Object.entries(JSON.parse(`{${text}}`))) {
        const icon = iconSchema.parse(json)
        if (!icon.hidden || options.hidden) yield toEntry(slug, icon)
      }
    }
  } catch (error) {
    refuse(file)(error)
  }
}

function createToEntry(set: IconifySet, { vendorOf = vendorOfAuthor }: IconifyOptions) {
  const categoryOf = new Map<string, string>()
  for (const [category, slugs] of Object.entries(set.categories ?? {})) {
    for (const slug of slugs) if (!categoryOf.has(slug)) categoryOf.set(slug, category)
  }
  const origin = `iconify/${set.prefix}`
  const vendor = vendorOf(set.info.author.name)
  const family = { uniqueId: uniqueIdOf(origin), name: set.info.name, terms: termsOf(set) }
  const factsOf = createFactsOf(set)
  const kind = set.info.palette ? 'ILLUSTRATION' : 'ICON'
  const iconSetOf = (category: string | undefined): Entry['iconSet'] => ({
    uniqueId: uniqueIdOf(category ? `${origin}/${category}` : `${origin}/`),
    name: category ?? set.info.name,
    kind,
  })
  const iconSets = new Map([undefined, ...categoryOf.values()].map((category) => [category, iconSetOf(category)]))

  return (slug: string, icon: IconifyIcon): Entry | Refusal => {
    const from = `${set.prefix}:${slug}`
    if (!isSlug(slug)) return { from, reason: `BAD_INPUT: ${JSON.stringify(slug)} cannot be part of a key` }
    const iconSet = iconSets.get(categoryOf.get(slug)) as Entry['iconSet']
    return { from, vendor, family, iconSet, slug, name: nameOf(slug), facts: factsOf(slug), bytes: toSvg(icon, set) }
  }
}

function toSvg(icon: IconifyIcon, set: IconifySet): Uint8Array {
  const of = (side: keyof typeof BOX, fallback: number) => icon[side] ?? set[side] ?? fallback
  const [width, height] = [of('width', 16), of('height', 16)]
  const xlink = icon.body.includes('xlink:') ? ' xmlns:xlink="http://www.w3.org/1999/xlink"' : ''
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg"${xlink} width="${width}" height="${height}" viewBox="${of('left', 0)} ${of('top', 0)} ${width} ${height}">${icon.body}</svg>`,
  )
}

/** `Lucide Contributors` -> `lucide-contributors`. */
export const vendorOfAuthor = (author: string): Entry['vendor'] => {
  const username = author
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 64)
  return { username: username || `vendor-${uniqueIdOf(author).toLowerCase()}`, name: author }
}

const refuse =
  (file: string) =>
  (error: unknown): never => {
    if (error instanceof AppError) throw error
    const reason =
      error instanceof z.ZodError ? z.prettifyError(error).split('\n', 2).join('') : (error as Error).message
    throw new AppError('BAD_INPUT', `${file} is not part of an Iconify JSON package: ${reason}`, { cause: error })
  }
