import { drawing } from './setup.ts'
import { buildZip, type End, type Part } from './zip.ts'

/** Archives as real programs write them: the same three files, each with what is peculiar to a program. */

export const manifestOf = (names: readonly string[]): Buffer =>
  Buffer.from(
    JSON.stringify({
      vendor: 'acme',
      families: [
        {
          name: 'Basics',
          sets: [{ name: 'All', kind: 'icon', files: names.map((file, at) => ({ file, slug: `icon-${at}` })) }],
        },
      ],
    }),
  )

export const NAMES = ['arrows/left.svg', 'arrows/right.svg']
export const bytes = Buffer.from(drawing(1))
export const [DOS, UNIX, MACOS] = [0x0014, 0x031e, 0x0315]

/** A file of a packer that does not declare its names as UTF-8. */
export const file = (name: string | Buffer, says: Part['says'] = {}, more: Partial<Part> = {}): Part => ({
  name,
  bytes,
  says: { flags: 0, ...says },
  ...more,
})
export const folder = (name: string | Buffer, says: Part['says'] = {}): Part =>
  file(name, says, { bytes: Buffer.alloc(0) })
export const manifest = (name = 'manifest.json', names = NAMES): Part => file(name, {}, { bytes: manifestOf(names) })
/** The usual files, with others between them. */
export const withFiles = (others: readonly Part[], end?: End) =>
  buildZip([manifest(), file('arrows/left.svg'), ...others, file('arrows/right.svg')], end)
/** The usual files under other names, and the manifest of the usual ones. */
export const renamed = (rename: (name: string) => string, says: Part['says'] = {}) =>
  buildZip(
    ['manifest.json', ...NAMES].map((name) => ({
      ...(name === 'manifest.json' ? manifest() : file(name)),
      name: rename(name),
      says: { flags: 0, ...says },
    })),
  )

export const latin1 = (text: string) => Buffer.from(text, 'latin1')
