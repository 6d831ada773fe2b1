import { toAppError } from '../errors.ts'
import type { Preset } from '../variant.ts'
import { encode } from './encode.ts'
import type { FromChild, Picture, ToChild, Want } from './messages.ts'
import { type Raster, rasterise } from './rasterise.ts'

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
    (pictures) => send({ kind: 'made', pictures }),
    (error) => {
      const { code, message: sentence } = toAppError(error)
      send({ kind: 'failed', code, message: code === 'INTERNAL' ? String(error?.stack ?? error) : sentence })
    },
  )
})

// Ctrl-C reaches the whole process group; the parent decides when a renderer ends.
process.on('SIGINT', () => {})
// An orphan that still renders would do so for nobody, and `exit` would wait for the native code.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

/** All wanted pictures of one source: one raster for each size and background. */
async function render(bytes: Uint8Array, wants: readonly Want[]): Promise<Picture[]> {
  const svg = new TextDecoder().decode(bytes)
  const rasters = new Map<string, Raster>()
  const pictures: Picture[] = []
  for (const { preset: name, format } of wants) {
    const preset = presets.get(name)
    if (!preset) throw new Error(`no preset ${name} in this renderer`)
    const box = `${preset.width}x${preset.height} ${preset.background}`
    const raster = rasters.get(box) ?? rasterise(svg, preset)
    rasters.set(box, raster)
    const { bytes: encoded, lossless } = await encode(raster, preset, { format, watermark: watermarkFor(preset) })
    pictures.push({ preset: name, format, bytes: encoded, width: preset.width, height: preset.height, lossless })
  }
  collectGarbage()
  return pictures
}

/** The preset's watermark at its size, drawn once in this process. */
function watermarkFor(preset: Preset): Raster | null {
  if (!preset.watermark) return null
  const drawn = watermarks.get(preset.name) ?? rasterise(preset.watermark, { ...preset, background: null })
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
