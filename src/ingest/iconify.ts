import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { isSlug, uniqueIdOf } from '../variant.ts'
import { nameOf } from './directory.ts'
import type { Entry, Refusal } from './import-items.ts'

const box = {
  left: z.number().optional(),
  top: z.number().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
}
const iconsSchema = z.object({
  prefix: z.string(),
  ...box,
  icons: z.record(z.string(), z.object({ ...box, body: z.string(), hidden: z.boolean().optional() })),
})
const infoSchema = z.object({
  name: z.string(),
  author: z.object({ name: z.string() }),
  palette: z.boolean().optional(),
})
const metadataSchema = z.object({ categories: z.record(z.string(), z.array(z.string())).optional() })

/** True for a directory that is an Iconify JSON package, such as `node_modules/@iconify-json/lucide`. */
export const isIconifyPackage = (directory: string): Promise<boolean> =>
  readFile(path.join(directory, 'icons.json')).then(
    () => true,
    () => false,
  )

/**
 * An Iconify JSON package as entries: vendor = the set's author, family = the set, icon sets = its categories, or one.
 * A coloured set (`info.palette`) is illustrations, any other is icons. Hidden icons and aliases are left out.
 */
export async function* readIconify(directory: string): AsyncIterable<Entry | Refusal> {
  const set = await readJson(directory, 'icons.json', iconsSchema)
  const info = await readJson(directory, 'info.json', infoSchema)
  const metadata = await readJson(directory, 'metadata.json', metadataSchema)
  const categoryOf = new Map<string, string>()
  for (const [category, slugs] of Object.entries(metadata.categories ?? {})) {
    for (const slug of slugs) if (!categoryOf.has(slug)) categoryOf.set(slug, category)
  }
  const origin = `iconify/${set.prefix}`
  const vendor = { username: usernameOf(info.author.name), name: info.author.name }
  const family = { uniqueId: uniqueIdOf(origin), name: info.name }
  const kind = info.palette ? 'ILLUSTRATION' : 'ICON'

  for (const [slug, icon] of Object.entries(set.icons)) {
    if (icon.hidden) continue
    const from = `${set.prefix}:${slug}`
    if (!isSlug(slug)) {
      yield { from, reason: `BAD_INPUT: ${JSON.stringify(slug)} cannot be a part of a key` }
      continue
    }
    const category = categoryOf.get(slug)
    const iconSet = {
      uniqueId: uniqueIdOf(category ? `${origin}/${category}` : `${origin}/`),
      name: category ?? info.name,
      kind,
    } as const
    yield { from, vendor, family, iconSet, slug, name: nameOf(slug), bytes: toSvg(icon, set) }
  }
}

type Box = z.infer<z.ZodObject<typeof box>>

function toSvg(icon: Box & { body: string }, set: Box): Uint8Array {
  const of = (side: keyof Box, fallback: number) => icon[side] ?? set[side] ?? fallback
  const [width, height] = [of('width', 16), of('height', 16)]
  const xlink = icon.body.includes('xlink:') ? ' xmlns:xlink="http://www.w3.org/1999/xlink"' : ''
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg"${xlink} width="${width}" height="${height}" viewBox="${of('left', 0)} ${of('top', 0)} ${width} ${height}">${icon.body}</svg>`,
  )
}

/** `Lucide Contributors` -> `lucide-contributors`. */
const usernameOf = (author: string) =>
  author
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 64) || `vendor-${uniqueIdOf(author).toLowerCase()}`

async function readJson<T>(directory: string, file: string, schema: z.ZodType<T>): Promise<T> {
  const full = path.join(directory, file)
  try {
    return schema.parse(JSON.parse(await readFile(full, 'utf8')))
  } catch (error) {
    const reason =
      error instanceof z.ZodError ? z.prettifyError(error).split('\n', 2).join('') : (error as Error).message
    throw new AppError('BAD_INPUT', `${full} is not part of an Iconify JSON package: ${reason}`, { cause: error })
  }
}
