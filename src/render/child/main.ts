import sharp from 'sharp'
import type { FromChild, ToChild } from '../messages.ts'
import { compose } from './compose.ts'
import { toRenderError } from './faults.ts'
import { createRenderer, type Render } from './render.ts'

/** A renderer process: SVG bytes in, encoded pictures out. It holds no secret, no connection, and may die at any moment. */

// Of libvips' many loaders those of documents and of the pictures in them, whose type their bytes have shown.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Svg', 'Png', 'Jpeg', 'Webp', 'Heif', 'Nsgif'].map((format) => `VipsForeignLoad${format}`),
})

let render: Render = () => Promise.reject(new Error('no presets yet'))

/** A message without what it tells of this process, which `send` adds. */
type Answer<T> = T extends FromChild ? Omit<T, 'rssBytes' | 'cpuMs'> : never

function send(answer: Answer<FromChild>): void {
  const { user, system } = process.cpuUsage()
  process.send?.({ ...answer, rssBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 })
}

const noteFault = (stack: string) => send({ kind: 'fault', stack })

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
      const composed = await compose(message.order, {
        onCell: (cell) => send({ kind: 'drawing', cell }),
        onFault: noteFault,
      })
      globalThis.gc?.()
      send({ kind: 'composed', composed })
      return
    }
    const rendered = await render(message.svg, message.variants, message)
    send({ kind: 'made', rendered })
  } catch (error) {
    const { code, message: sentence } = toRenderError(error, noteFault)
    send({ kind: 'failed', code, message: sentence })
  }
  collectGarbage()
}

// They reach the whole process group, or all that systemd started; the parent decides when a renderer ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
// An orphan that still renders would do so for nobody, and `exit` would wait for the native code.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

let rendersSinceGc = 0
/**
 * resvg's own copy of a raster (1 MB at 512 px) is outside of V8's view and stays until a collection. It is young then: a minor
 * one finds it, a full one takes twenty times as long.
 */
function collectGarbage(): void {
  if (++rendersSinceGc < 16) return
  rendersSinceGc = 0
  globalThis.gc?.({ type: 'minor' })
}
