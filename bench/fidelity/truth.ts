import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import type { Chromium } from './chromium.ts'
import type { Sample } from './corpora.ts'

const FOLDER = path.join(import.meta.dirname, '../out/chromium')

/** Chromium's pictures, each drawn once and cached in bench/out, which makes later runs much faster. */
export interface Truths {
  /** RGBA for each sample; null if Chromium rejects it. */
  of(samples: readonly Sample[]): Promise<(Buffer | null)[]>
  /** Drawn on its own page: on a full page Chromium sometimes loses a mask (flagpack:km, flagpack:pw). */
  alone(sample: Sample): Promise<Buffer | null>
}

/** @param tools.chromium started for the first picture that is not cached */
export function openTruths({ chromium, size }: { chromium: () => Promise<Chromium>; size: number }): Truths {
  const fileOf = ({ svg }: Sample, way: string) =>
    path.join(FOLDER, `${createHash('sha256').update(inEnglish(svg)).digest('hex').slice(0, 32)}-${size}${way}.png`)

  async function read(sample: Sample, way = ''): Promise<Buffer | null | undefined> {
    const bytes = await readFile(sample.truth ?? fileOf(sample, way)).catch(() => undefined)
    if (!bytes?.length) return bytes === undefined ? undefined : null
    return await toRgba(bytes)
  }

  async function draw(samples: readonly Sample[], way = ''): Promise<(Buffer | null)[]> {
    await mkdir(FOLDER, { recursive: true })
    const shots = await (await chromium()).shoot(samples.map(({ svg }) => inEnglish(svg)))
    await Promise.all(
      samples.map(async (sample, index) => {
        const pixels = shots[index]
        const raw = { width: size, height: size, channels: 4 } as const
        await writeFile(fileOf(sample, way), pixels ? await sharp(pixels, { raw }).png().toBuffer() : '')
      }),
    )
    return shots
  }

  return {
    async of(samples) {
      const kept = await Promise.all(samples.map((sample) => read(sample)))
      const missing = samples.filter((_, index) => kept[index] === undefined)
      const drawn = missing.length > 0 ? await draw(missing) : []
      return kept.map((pixels) => (pixels === undefined ? (drawn.shift() ?? null) : pixels))
    },
    async alone(sample) {
      const kept = await read(sample, '-alone')
      return kept === undefined ? ((await draw([sample], '-alone'))[0] ?? null) : kept
    },
  }
}

/**
 * Removes conditions that are true for English, as on an English reader's page: in an `<img>` Chromium has no language at all, so that not
 * even `systemLanguage="en"` is true.
 */
const inEnglish = (svg: Buffer): Buffer =>
  svg.includes('systemLanguage')
    ? Buffer.from(svg.toString().replaceAll(/\ssystemLanguage="(?:[^"]*,)?\s*en(?:-US)?\s*(?:,[^"]*)?"/gi, ''))
    : svg

/** Copied because pixelmatch needs aligned memory. */
export const toRgba = async (bytes: Uint8Array): Promise<Buffer> =>
  Buffer.from(new Uint8Array(await sharp(bytes).ensureAlpha().raw().toBuffer()).buffer)
