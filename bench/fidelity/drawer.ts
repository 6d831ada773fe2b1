import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { centre } from '../../src/render/child/pixels.ts'
import { engineFor, rasterise } from '../../src/render/child/rasterise.ts'
import { sanitise } from '../../src/render/child/sanitise/sanitise.ts'

/** Draws in a process of its own, as the service does: public icons have made resvg abort. */
export interface Drawer {
  draw(svg: Uint8Array): Promise<Drawn>
  close(): void
}

export interface Drawn {
  /** RGBA in a square on white; null where nothing was drawn, and then `note` says why. */
  readonly pixels: Buffer | null
  readonly engine: string
  readonly note: string
}

interface Order {
  readonly svg: Uint8Array
  readonly size: number
}

/** Starts the process at the first drawing, and again after a crash. */
export function openDrawer(size: number): Drawer {
  let child: ChildProcess | null = null

  return {
    draw(svg) {
      child ??= fork(fileURLToPath(import.meta.url), {
        serialization: 'advanced',
        stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
      })
      const drawing = child
      return new Promise((resolve) => {
        const settle = (drawn: Drawn) => {
          drawing.off('message', onMessage)
          drawing.off('exit', onExit)
          resolve(drawn)
        }
        const onMessage = (message: unknown) => {
          const { pixels, engine, note } = message as Drawn
          // Copied: pixelmatch reads whole colours and variants them aligned, which a message's bytes are not.
          settle({ pixels: pixels && Buffer.from(new Uint8Array(pixels).buffer), engine, note })
        }
        const onExit = (_code: number | null, signal: string | null) => {
          child = null
          settle({ pixels: null, engine: 'none', note: `the process died (${signal ?? 'exit'})` })
        }
        drawing.on('message', onMessage)
        drawing.on('exit', onExit)
        drawing.send({ svg, size } satisfies Order)
      })
    },
    close: () => child?.disconnect(),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const answer = async (order: Order) => process.send?.(await draw(order))
  process.on('message', (order: Order) => void answer(order))
}

/** Just what a renderer does with a document, up to the encoder. */
async function draw({ svg, size }: Order): Promise<Drawn> {
  try {
    const document = sanitise(svg)
    const canvas = {
      width: size,
      height: size,
      padding: 0,
      fit: 'contain',
      color: null,
      background: [255, 255, 255],
    } as const
    const { pixels } = centre(await rasterise(document, canvas, canvas.background), canvas)
    // Copied, to be sure that it owns its memory from the first byte on.
    return { pixels: Buffer.from(new Uint8Array(pixels).buffer), engine: engineFor(document), note: '' }
  } catch (error) {
    return { pixels: null, engine: 'none', note: error instanceof Error ? error.message : String(error) }
  }
}
