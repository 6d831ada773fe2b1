import { imageSize } from 'image-size'
import { LRUCache } from 'lru-cache'
import type { Layouts } from '../core/layouts.ts'
import { parseTransform, recipeOf } from '../core/transform.ts'
import {
  type ImageFormat,
  mimeTypeOf,
  type Preset,
  type Presets,
  parseCompositeKey,
  parseVariantKey,
  placeholderTypeOf,
} from '../core/variant.ts'
import type { RenderPool } from '../render/contract.ts'
import type { VariantSpec } from '../render/messages.ts'
import { specOf } from './offered.ts'

/** A faint grey on the preset's background. */
const NEUTRAL = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16"><path fill="#808080" fill-opacity="0.1" d="M0 0h16v16H0z"/></svg>',
)
const CPU_LIMIT_MS = 5000
/** Most are placeholders of some hundred bytes. */
const KEPT_MAX = 2000

interface Deps {
  readonly pool: RenderPool
  readonly presets: Presets
  readonly layouts: Layouts
}

/** What is shown in place of a picture that does not exist yet: the body of a 503, which browsers draw. */
export interface StandIns {
  /** A neutral picture for this key; null if the key is invalid, or it cannot be drawn now. */
  neutral(key: string): Promise<Body | null>
  /** An item's placeholder in this format, or as it is if it cannot be converted now. */
  placeholder(bytes: Buffer, format: ImageFormat): Promise<Body>
}

interface Body {
  readonly type: string
  readonly bytes: Buffer
}

/**
 * Neutral pictures in the size, background and format of each preset, transform and layout, and placeholders in the requested format. Each
 * is rendered when first needed, ahead of queued work, and kept. A transform of one side gets a square: the art may not have been read.
 */
export function createStandIns({ pool, presets, layouts }: Deps): StandIns {
  const kept = new LRUCache<string, Promise<Buffer>>({ max: KEPT_MAX })
  const largest = [...presets.values()].reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a))

  function draw(name: string, { svg, spec }: { svg: Uint8Array; spec: VariantSpec }): Promise<Buffer> {
    const known = kept.get(name)
    if (known) return known
    const drawn = pool
      .render(svg, [spec], { cpuLimitMs: CPU_LIMIT_MS, path: ['', 'neutral'] })
      .then(({ pictures: [picture] }) => Buffer.from(picture?.bytes ?? []))
    kept.set(name, drawn)
    drawn.catch(() => kept.delete(name))
    return drawn
  }

  /** A plain picture of this size, apart from the overrides. */
  const plain = (name: string, format: ImageFormat, look: Partial<Preset>): VariantSpec => ({
    preset: name,
    format,
    recipe: { ...largest, padding: 0, fit: 'cover', watermark: null, ...look },
  })

  function neutralSpecOf(key: string): VariantSpec | null {
    const variant = parseVariantKey(key)
    if (variant) {
      const transform = parseTransform(variant.preset)
      const preset = transform
        ? recipeOf(transform).presetFor({ width: null, height: null })
        : presets.get(variant.preset)
      return preset ? specOf(preset, variant.format) : null
    }
    const composite = parseCompositeKey(key)
    const layout = composite && layouts.get(composite.layout)
    if (!layout) return null
    const { width, height, background } = layout
    return plain(`layout ${layout.name}`, composite.format, { width, height, background })
  }

  return {
    async neutral(key) {
      const spec = neutralSpecOf(key)
      if (!spec) return null
      return await draw(`${spec.preset}.${spec.format}`, { svg: NEUTRAL, spec }).then(
        (bytes) => ({ type: mimeTypeOf(spec.format), bytes }),
        () => null,
      )
    },
    async placeholder(bytes, format) {
      const [own, type] = [placeholderTypeOf(bytes), mimeTypeOf(format)]
      if (own === type) return { type, bytes }
      const href = `data:${own};base64,${bytes.toString('base64')}`
      const { width, height } = imageSize(bytes)
      const svg = Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><image width="${width}" height="${height}" href="${href}"/></svg>`,
      )
      const spec = plain('placeholder', format, { width, height, background: null })
      return await draw(`${href}.${format}`, { svg, spec }).then(
        (drawn) => ({ type, bytes: drawn }),
        () => ({ type: own, bytes }),
      )
    },
  }
}
