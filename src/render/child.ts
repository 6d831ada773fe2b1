import { toAppError } from '../errors.ts'
import type { Preset } from '../variant.ts'
import { compose } from './compose.ts'
import { encode } from './encode.ts'
import { lacksGlyph } from './fonts.ts'
import type { FromChild, Picture, Rendered, ToChild, Want } from './messages.ts'
import type { Raster } from './pixels.ts'
import { placeholderOf } from './placeholder.ts'
import { type Canvas, engineFor, rasterise } from './rasterise.ts'
import { sanitise } from './sanitise/sanitise.ts'

/** A renderer: SVG bytes in, encoded pictures out. It holds no secret, no connection, and may die at any moment. */

const presets = new Map<string, Preset>()
const watermarks = new Map<string, Raster>()

const send = (message: FromChild) => process.send?.(message)

process.on('message', (message: ToChild) => {
  if (message.kind === 'presets') {
    for (const preset of message.presets) presets.set(preset.name, preset)
    send({ kind: 'ready' })
    return
  }
  render(message.svg, message.wants).then(
    (rendered) => send({ kind: 'made', rendered, rssBytes: process.memoryUsage.rss() }),
    (error) => {
      const { code, message: sentence } = toAppError(error)
      const words = code === 'INTERNAL' ? String(error?.stack ?? error) : sentence
      send({ kind: 'failed', code, message: words, rssBytes: process.memoryUsage.rss() })
    },
  )
})

// Ctrl-C reaches the whole process group; the parent decides when a renderer ends.
process.on('SIGINT', () => {})
// An orphan that still renders would do so for nobody, and `exit` would wait for the native code.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

/** All wanted pictures of one source: sanitised and parsed once, drawn once for each canvas. */
async function render(bytes: Uint8Array, wants: readonly Want[]): Promise<Rendered> {
  const document = sanitise(bytes)
  const drawings = new Map<string, Raster>()
  const pictures: Picture[] = []
  for (const { preset: name, format } of wants) {
    const preset = presets.get(name)
    if (!preset) throw new Error(`no preset ${name} in this renderer`)
    const key = canvasKey(preset)
    const drawing = drawings.get(key) ?? (await rasterise(document, preset))
    drawings.set(key, drawing)
    const picture = compose(drawing, preset, await watermarkFor(preset))
    const { bytes: encoded, lossless } = await encode(picture, preset, format)
    pictures.push({ preset: name, format, bytes: encoded, width: preset.width, height: preset.height, lossless })
  }
  const placeholder = placeholderOf(largest([...drawings.values()]))
  const warnings: string[] = [...document.warnings]
  if (await lacksGlyph(document.text)) warnings.push('MISSING_GLYPH')
  collectGarbage()
  return { pictures, engine: engineFor(document), warnings, placeholder }
}

const canvasKey = ({ width, height, padding, fit, color }: Canvas) => `${width}x${height}-${padding} ${fit} ${color}`

const largest = (rasters: readonly Raster[]) =>
  rasters.reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a))

/** The preset's watermark over the whole picture, drawn once in this process. */
async function watermarkFor(preset: Preset): Promise<Raster | null> {
  if (!preset.watermark) return null
  const known = watermarks.get(preset.name)
  if (known) return known
  const document = sanitise(Buffer.from(preset.watermark))
  const drawn = await rasterise(document, { ...preset, padding: 0, fit: 'cover', color: null })
  watermarks.set(preset.name, drawn)
  return drawn
}

let rendersSinceGc = 0
/** A raster is memory outside of V8's view (1 MB at 512 px) and stays until a collection. */
function collectGarbage(): void {
  if (++rendersSinceGc < 16) return
  rendersSinceGc = 0
  globalThis.gc?.()
}
