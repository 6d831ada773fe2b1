import { hashRecipe, type Preset } from '../../src/core/variant.ts'
import type { RenderPool } from '../../src/render/contract.ts'
import { openRenderPool } from '../../src/render/pool.ts'
import { toRgba } from './truth.ts'

export interface Stored {
  /** RGBA of the picture as stored, on white; null if there is none, with the reason in `note`. */
  readonly pixels: Buffer | null
  readonly bytes: number
  readonly engine: string
  readonly note: string
}

export interface Store {
  draw(svg: Uint8Array): Promise<Stored>
  close(): Promise<void>
}

const TIMEOUT_MS = 20_000

/** The service's own renderers with one preset: a square on white, encoded as WebP and decoded again. */
export function openStored(size: number, renderers: number): Store {
  const definition = {
    width: size,
    height: size,
    background: '#ffffff',
    padding: 0,
    fit: 'contain',
    color: null,
    watermark: null,
    encoding: 'auto',
    backfill: true,
  } as const
  const preset: Preset = {
    name: 'preview',
    formats: ['WEBP'],
    ...definition,
    recipeHash: hashRecipe({ ...definition, formats: ['WEBP'] }),
  }
  const pool: RenderPool = openRenderPool({
    presets: new Map([['preview', preset]]),
    size: renderers,
    waitingMax: 10_000,
  })
  return {
    async draw(svg) {
      try {
        const variants = [{ preset: 'preview', format: 'WEBP' }] as const
        const { pictures, engine, warnings } = await pool.render(svg, variants, { cpuLimitMs: TIMEOUT_MS })
        const { bytes = new Uint8Array(), lossless } = pictures[0] ?? {}
        const way = `${engine} ${lossless ? 'lossless' : 'lossy'}`
        return { pixels: await toRgba(bytes), bytes: bytes.length, engine: way, note: warnings.join() }
      } catch (error) {
        const { code, message } = error as { code?: string; message: string }
        return { pixels: null, bytes: 0, engine: 'none', note: `${code}: ${message.slice(0, 100)}` }
      }
    },
    close: () => pool.close(),
  }
}
