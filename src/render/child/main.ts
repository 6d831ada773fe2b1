import sharp from 'sharp'
import type { FromChild, Rendered, ToChild } from '../messages.ts'
import { compose } from './compose.ts'
import { toRenderError } from './faults.ts'
import { createRenderer, type Render } from './render.ts'

/** A renderer process: SVG bytes in, encoded pictures out. It has no secrets and no connections, and may crash at any moment. */

// Of libvips' many loaders, only those for SVG and the picture types that our header check accepts.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Svg', 'Png', 'Jpeg', 'Webp', 'Heif', 'Nsgif'].map((format) => `VipsForeignLoad${format}`),
})

let render: Render = () => Promise.reject(new Error('no presets yet'))

/** A message without the resource usage that `send` adds. */
type Answer<T> = T extends FromChild & { rssBytes: number } ? Omit<T, 'rssBytes' | 'cpuMs'> : never

function send(answer: Answer<FromChild>): void {
  const { user, system } = process.cpuUsage()
  process.send?.({ ...answer, rssBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 })
}

const reportFault = (stack: string) => send({ kind: 'fault', stack })

const onNormalised = (warnings: readonly string[]) =>
  process.send?.({ kind: 'normalised', warnings } satisfies FromChild)

/** Requests are handled one at a time, in order: the next one is sent while the current one is running. */
let last: Promise<void> = Promise.resolve()

process.on('message', (message: ToChild) => {
  last = last.then(() => handle(message))
})

async function handle(message: ToChild): Promise<void> {
  if (message.kind === 'presets') {
    render = createRenderer(message.presets)
    send({ kind: 'ready' })
    return
  }
  try {
    if (message.kind === 'compose') {
      const composed = await compose(message.order, {
        onCell: (cell) => send({ kind: 'drawing', cell }),
        onFault: reportFault,
      })
      globalThis.gc?.()
      send({ kind: 'composed', composed })
      return
    }
    const rendered = await render(message.svg, message.variants, { ...message, onNormalised })
    send({ kind: 'made', rendered })
    collectGarbage(rendered)
  } catch (error) {
    const { code, message: sentence } = toRenderError(error, reportFault)
    send({ kind: 'failed', code, message: sentence })
  }
}

// Signals reach the whole process group, or everything that systemd started; the parent decides when a renderer ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
// Nobody waits for an orphan's render, and `exit` would wait for the native code.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGKILL')
  // The first process of a namespace cannot be killed by itself.
  process.abort()
})

/** Of pictures' pixels: two icons of three pictures. */
const GC_EVERY_BYTES = 4_000_000
let uncollectedBytes = 0

/**
 * resvg's copy of a raster (1 MB at 512 px) is memory that only a garbage collection frees. It is still young here, so a minor collection
 * does; left alone, V8 starts a full one for every 64 MB of such memory, which takes twenty times as long.
 */
function collectGarbage({ pictures }: Rendered): void {
  for (const { width, height } of pictures) uncollectedBytes += 4 * width * height
  if (uncollectedBytes < GC_EVERY_BYTES) return
  uncollectedBytes = 0
  globalThis.gc?.({ type: 'minor' })
}
