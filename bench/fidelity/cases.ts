import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import pixelmatch from 'pixelmatch'
import sharp from 'sharp'
import { openRenderPool } from '../../src/render/pool.ts'
import { hashRecipe, type Preset } from '../../src/variant.ts'

/** Quick look: node bench/fidelity/cases.ts FOLDER [NAME-PART...]: CLASS.NAME.svg beside CLASS.NAME.png, stored bytes, 512 px. */
const SIZE = 512
const definition = {
  width: SIZE,
  height: SIZE,
  background: '#ffffff',
  padding: 0,
  fit: 'contain',
  color: null,
  watermark: null,
  encoding: 'auto',
} as const
const preset: Preset = { name: 'preview', formats: ['WEBP'], ...definition, recipeHash: hashRecipe(definition) }

const rawOf = (bytes: Uint8Array | string) => sharp(bytes).ensureAlpha().raw().toBuffer()

async function main(folder: string, parts: string[]): Promise<void> {
  const pool = openRenderPool({ presets: new Map([['preview', preset]]), size: 2, waitingMax: 10_000 })
  const names = (await readdir(folder))
    .filter((f) => f.endsWith('.svg') && parts.every((p) => f.includes(p)))
    .map((f) => f.slice(0, -4))
  const rows = await Promise.all(
    names.map(async (name) => {
      const svg = await readFile(path.join(folder, `${name}.svg`))
      const truth = await rawOf(path.join(folder, `${name}.png`))
      try {
        const { pictures, engine, warnings } = await pool.render(svg, [{ preset: 'preview', format: 'WEBP' }], {
          timeoutMs: 20_000,
        })
        const bytes = pictures[0]?.bytes ?? new Uint8Array()
        const ours = new Uint8Array(await rawOf(bytes))
        const off = pixelmatch(new Uint8Array(truth), ours, undefined, SIZE, SIZE, { threshold: 0.1 }) / SIZE ** 2
        return {
          name,
          off,
          engine: `${engine} ${pictures[0]?.lossless ? 'lossless' : 'lossy'} ${bytes.length}`,
          note: warnings.join(),
        }
      } catch (error) {
        const { code, message } = error as { code: string; message: string }
        return { name, off: 1, engine: 'none', note: `${code}: ${message.slice(0, 80)}` }
      }
    }),
  )
  await pool.close()
  const classes = new Map<string, { right: number; all: number }>()
  for (const { name, off } of rows) {
    const key = name.split('.')[0] ?? ''
    const sum = classes.get(key) ?? { right: 0, all: 0 }
    sum.all++
    if (off <= 0.01) sum.right++
    classes.set(key, sum)
  }
  for (const { name, off, engine, note } of rows.filter(({ off }) => off > 0.01))
    console.log(`${(off * 100).toFixed(2).padStart(7)}  ${name.padEnd(60)} ${engine} ${note}`)
  console.table(Object.fromEntries(classes))
  console.log('right', rows.filter(({ off }) => off <= 0.01).length, 'of', rows.length)
}
if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv[2] ?? '', process.argv.slice(3))
