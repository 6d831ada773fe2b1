import { z } from 'zod'
import { FORBIDDEN_CHARACTERS, isStorable } from '../core/text.ts'

/** Properties of an icon, or defaults for all icons in a set. */
export const BOX = {
  left: z.number().optional(),
  top: z.number().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
}
/** Text that becomes a name in the catalogue. */
const name = z.string().refine(isStorable, `contains ${FORBIDDEN_CHARACTERS}`)
export const iconSchema = z.object({ ...BOX, body: z.string(), hidden: z.boolean().optional() })
const licenseSchema = z.object({ title: name, spdx: name.optional(), url: name.optional() })
const aliasSchema = z.looseObject({ parent: z.string() })
export const setSchema = z.object({
  prefix: z.string(),
  ...BOX,
  info: z.object({
    name,
    author: z.object({ name, url: name.optional() }),
    license: licenseSchema.optional(),
    category: z.string().optional(),
    palette: z.boolean().optional(),
  }),
  categories: z.record(name, z.array(z.string())).optional(),
  aliases: z.record(z.string(), aliasSchema).optional(),
  /** Icons or aliases by their code points in hex. */
  chars: z.record(z.string(), z.string()).optional(),
})
/** What a set contains besides its icons. */
export type IconifySet = z.infer<typeof setSchema>
export type IconifyIcon = z.infer<typeof iconSchema>
