import sharp from 'sharp'
import { toAppError } from '../../core/errors.ts'
import type { FromChild, ToChild } from '../messages.ts'
import { compose } from './compose.ts'
import { createRenderer, type Render } from './render.ts'

/** A renderer process: SVG bytes in, encoded pictures out. It holds no secret, no connection, and may die at any moment. */

// Only the SVG loader is needed of libvips' many: pictures inside of a document are librsvg's own business.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({ operation: ['VipsForeignLoadSvg'] })

let render: Render = () => Promise.reject(new Error('no presets yet'))

const send = (message: FromChild) => process.send?.(message)

/** One at a time, in the order they came: the next is handed over while one is being made. */
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
      const composed = await compose(message.order, (cell) => send({ kind: 'drawing', cell }))
      globalThis.gc?.()
      send({ kind: 'composed', composed, rssBytes: process.memoryUsage.rss() })
      return
    }
    const rendered = await render(message.svg, message.variants)
    send({ kind: 'made', rendered, rssBytes: process.memoryUsage.rss() })
  } catch (error) {
    const { code, message: sentence } = toAppError(error)
    const words = code === 'INTERNAL' ? String((error as Error)?.stack ?? error) : sentence
    send({ kind: 'failed', code, message: words, rssBytes: process.memoryUsage.rss() })
  }
  collectGarbage()
}

// They reach the whole process group, or all that systemd started; the parent decides when a renderer ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
// An orphan that still renders would do so for nobody, and `exit` would wait for the native code.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

let rendersSinceGc = 0
/** A raster is memory outside of V8's view (1 MB at 512 px) and stays until a collection. */
function collectGarbage(): void {
  if (++rendersSinceGc < 16) return
  rendersSinceGc = 0
  globalThis.gc?.()
}
