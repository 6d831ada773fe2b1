import { execFile } from 'node:child_process'
import { access, mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { drawIcons, shuffle } from './sample.ts'

/** A document to compare, and Chromium's picture of it if the corpus contains one. */
export interface Sample {
  readonly name: string
  readonly group: string
  readonly svg: Buffer
  /** Path of a square PNG. */
  readonly truth: string | null
}

/** Resolves `@iconify/json`, and the seed of the random sample. */
export interface Choice {
  readonly count: number
  readonly seed: number
}

export async function readIcons(modules: string, choice: Choice): Promise<Sample[]> {
  return (await drawIcons(modules, choice)).map((icon) => ({ ...icon, truth: null }))
}

/** A folder of `GROUP.NAME.svg`, each beside Chromium's `GROUP.NAME.png`. */
export async function readCases(folder: string, part = ''): Promise<Sample[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.svg') && name.includes(part)).sort()
  return await Promise.all(
    names.map(async (name) => ({
      name: name.slice(0, -4),
      group: name.split('.')[0] ?? '',
      svg: await readFile(path.join(folder, name)),
      truth: path.join(folder, name.replace(/svg$/, 'png')),
    })),
  )
}

/** `count` documents from anywhere below a folder. */
export async function readFolder(folder: string, { count, seed }: Choice): Promise<Sample[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.svg')).sort()
  const chosen = shuffle(names, seed).slice(0, count).sort()
  return await Promise.all(
    chosen.map(async (name) => {
      const svg = await readFile(path.join(folder, name))
      return { name: name.slice(0, -4), group: groupOf(svg), svg, truth: null }
    }),
  )
}

const groupOf = (svg: Buffer): string =>
  /<(?:\w+:)?text[\s>]/.test(svg.toString('latin1')) ? 'with text' : 'without text'

/** resvg's own tests (`crates/resvg/tests/tests` of its repository), without those of text, which need their own fonts. */
export async function readSuite(folder: string): Promise<Sample[]> {
  const all = await readFolder(folder, { count: Number.POSITIVE_INFINITY, seed: 1 })
  return all
    .filter(({ name, group }) => group === 'without text' && !name.startsWith('text/'))
    .map((sample) => ({ ...sample, group: sample.name.split('/').slice(0, 1).join('/') }))
}

const CLIP_ART = path.join(import.meta.dirname, '../out/clip-art')

/**
 * The folder of Open Clip Art 0.18, 8,121 drawings in the public domain as their authors exported them. No npm package has such art;
 * Debian's `openclipart-svg` does, and is unpacked without being installed.
 */
export async function installClipArt(): Promise<string> {
  const art = path.join(CLIP_ART, 'usr/share/openclipart/svg')
  const isThere = await access(art).then(
    () => true,
    () => false,
  )
  if (isThere) return art
  console.log('unpacking openclipart-svg into bench/out/clip-art (25 MB, once)')
  await mkdir(CLIP_ART, { recursive: true })
  const run = promisify(execFile)
  await run('apt-get', ['download', 'openclipart-svg'], { cwd: CLIP_ART })
  const [archive = ''] = (await readdir(CLIP_ART)).filter((name) => name.endsWith('.deb'))
  await run('dpkg-deb', ['-x', archive, '.'], { cwd: CLIP_ART })
  return art
}
