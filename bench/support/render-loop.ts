import sharp from 'sharp'
import type { Preset } from '../../src/core/variant.ts'
import { createRenderer, type Render } from '../../src/render/child/render.ts'
import { densityFor } from './density.ts'

/** One core's share of bench/render.ts, in a loop: with plain sharp, or with our own render calls without a pool. */

sharp.concurrency(1)
let render: Render | null = null

interface Share {
  readonly sources: readonly Uint8Array[]
  readonly presets: readonly Preset[]
}

/** A straightforward sharp script: librsvg through sharp, quality 75, everything else by default. */
async function plainSharp({ sources, presets }: Share): Promise<Uint8Array[][]> {
  const watermark = presets.find((preset) => preset.watermark)?.watermark ?? ''
  const over = await sharp(Buffer.from(watermark), { density: 72 }).resize(512, 512).png().toBuffer()
  const made: Uint8Array[][] = []
  for (const svg of sources) {
    const density = await densityFor(svg, 512)
    const draw = (side: number) =>
      sharp(svg, { density: (density * side) / 512 })
        .resize(side, side, { fit: 'contain', background: '#fff' })
        .flatten({ background: '#fff' })
    made.push([
      await draw(128).webp({ quality: 75 }).toBuffer(),
      await draw(512).webp({ quality: 75 }).toBuffer(),
      await draw(512)
        .composite([{ input: over }])
        .webp({ quality: 75 })
        .toBuffer(),
    ])
  }
  return made
}

async function bare({ sources, presets }: Share): Promise<Uint8Array[][]> {
  render ??= createRenderer(presets)
  const variants = presets.map(({ name }) => ({ preset: name, format: 'WEBP' as const }))
  const made: Uint8Array[][] = []
  for (const [index, svg] of sources.entries()) {
    const rendered = await render(svg, variants).catch(() => null)
    made.push(rendered?.pictures.map(({ bytes }) => bytes) ?? [])
    // As in render/child.
    if (index % 2 === 0) globalThis.gc?.({ type: 'minor' })
  }
  return made
}

const run = async (share: Share) =>
  process.send?.(await (process.argv[2] === 'sharp' ? plainSharp(share) : bare(share)))
process.on('message', (share: Share) => void run(share))
