import { parseTransform } from '../core/transform.ts'
import { type ImageFormat, type Presets, parseCompositeKey, parseVariantKey } from '../core/variant.ts'
import type { RenderPool } from '../render/contract.ts'

/** A faint grey on the preset's background. */
const NEUTRAL = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><path fill="#808080" fill-opacity="0.1" d="M0 0h16v16H0z"/></svg>',
)
const CPU_LIMIT_MS = 5000

/** A picture shown in place of the one with this key; null if the key is invalid, or it cannot be drawn now. */
export type NeutralPicture = (key: string) => Promise<{ readonly format: ImageFormat; readonly bytes: Buffer } | null>

/**
 * Neutral pictures in each preset's size, background and format, to be shown where there is no picture yet: a browser draws the
 * body of a 503. Each is drawn when it is first needed, ahead of what waits, and kept. A composite and a transform get the largest
 * preset's.
 */
export function createNeutralPictures({ pool, presets }: { pool: RenderPool; presets: Presets }): NeutralPicture {
  const kept = new Map<string, Promise<Buffer>>()
  const largest = [...presets.values()].reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a))

  function draw(preset: string, format: ImageFormat): Promise<Buffer> {
    const name = `${preset}.${format}`
    const known = kept.get(name)
    if (known) return known
    const drawn = pool
      .render(NEUTRAL, [{ preset, format }], { cpuLimitMs: CPU_LIMIT_MS, path: ['', 'neutral'] })
      .then(({ pictures: [picture] }) => Buffer.from(picture?.bytes ?? []))
    kept.set(name, drawn)
    drawn.catch(() => kept.delete(name))
    return drawn
  }

  return async function neutralFor(key) {
    const path = parseVariantKey(key) ?? parseCompositeKey(key)
    const isPreset = path && 'preset' in path && !parseTransform(path.preset)
    const preset = isPreset ? presets.get(path.preset) : largest
    if (!path || !preset) return null
    const { format } = path
    return await draw(preset.name, format).then(
      (bytes) => ({ format, bytes }),
      () => null,
    )
  }
}
