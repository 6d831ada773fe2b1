import { access } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import sharp from 'sharp'

/** The calls of playwright-core that are used; the package only exists once the bench has installed it. */
interface Page {
  setContent(html: string): Promise<void>
  evaluate<T>(script: string): Promise<T>
  screenshot(options: { type: 'png'; clip: Rectangle; timeout: number }): Promise<Buffer>
}
interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}
interface Browser {
  version(): string
  newPage(options: { viewport: { width: number; height: number }; deviceScaleFactor: number }): Promise<Page>
  close(): Promise<void>
}
interface Launcher {
  launch(options: { executablePath: string; args: string[] }): Promise<Browser>
}
interface Bundle {
  default: { executablePath(): Promise<string>; args: string[] }
}

export interface Chromium {
  readonly version: string
  /** Renders each document as an `<img>` in a square box on white: RGBA of size x size, or null if it is not a valid image. */
  shoot(svgs: readonly Uint8Array[]): Promise<(Buffer | null)[]>
  close(): Promise<void>
}

const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
/** Documents per page: 2048 x 2048 px at 512 px each. */
const BATCH = 16
/** Timeout of a screenshot of that size, without a GPU on a busy machine. */
const SCREENSHOT_MS = 120_000

/** Starts the Chromium of @sparticuz/chromium, or an installed one if it has no build for the platform. */
export async function openChromium(options: { require: NodeJS.Require; size: number }): Promise<Chromium> {
  const { require, size } = options
  const { chromium } = require('playwright-core') as { chromium: Launcher }
  const browser = await launch(chromium, require)
  const columns = Math.floor(2048 / size)
  const viewport = { width: columns * size, height: Math.ceil(BATCH / columns) * size }
  const page = await browser.newPage({ viewport, deviceScaleFactor: 1 })

  let last: Promise<unknown> = Promise.resolve()

  return {
    version: browser.version(),
    shoot(svgs) {
      // There is only one page: a caller's documents must not be replaced by the next one's before the screenshot is taken.
      const shots = last.then(() => shootNow(svgs))
      last = shots.catch(() => {})
      return shots
    },
    close: () => browser.close(),
  }

  async function shootNow(svgs: readonly Uint8Array[]): Promise<(Buffer | null)[]> {
    if (svgs.length > BATCH) throw new Error(`${svgs.length} documents at once; the page holds ${BATCH}`)
    await page.setContent(pageOf(svgs, { size, columns }))
    const drawn = await page.evaluate<boolean[]>(
      'Promise.all([...document.images].map((image) => image.decode().then(() => true, () => false)))',
    )
    const clip = { x: 0, y: 0, width: columns * size, height: Math.ceil(svgs.length / columns) * size }
    const screenshot = await page.screenshot({ type: 'png', clip, timeout: SCREENSHOT_MS })
    const sheet = await sharp(screenshot).ensureAlpha().raw().toBuffer()
    return drawn.map((ok, index) => (ok ? tileOf(sheet, { index, size, columns }) : null))
  }
}

async function launch(chromium: Launcher, require: NodeJS.Require): Promise<Browser> {
  // Text without sub-pixel colours and colours without a monitor profile, as in files.
  const plain = ['--disable-lcd-text', '--force-color-profile=srgb', '--hide-scrollbars', '--no-sandbox']
  const reasons: unknown[] = []
  try {
    const bundle = (await import(pathToFileURL(require.resolve('@sparticuz/chromium')).href)) as Bundle
    const executablePath = await bundle.default.executablePath()
    return await chromium.launch({ executablePath, args: [...bundle.default.args, ...plain] })
  } catch (error) {
    reasons.push(error)
  }
  for (const executablePath of INSTALLED) {
    try {
      await access(executablePath)
      return await chromium.launch({ executablePath, args: plain })
    } catch (error) {
      reasons.push(error)
    }
  }
  throw new AggregateError(reasons, 'Chromium cannot start; install it as /usr/bin/chromium.')
}

function pageOf(svgs: readonly Uint8Array[], { size, columns }: { size: number; columns: number }): string {
  const images = svgs.map((svg) => `<img src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}">`)
  return `<!doctype html><style>
    body { margin: 0; background: #fff; display: grid; grid: auto / repeat(${columns}, ${size}px) }
    img { width: ${size}px; height: ${size}px; object-fit: contain; display: block }
  </style>${images.join('')}`
}

function tileOf(sheet: Buffer, { index, size, columns }: { index: number; size: number; columns: number }): Buffer {
  const tile = Buffer.alloc(size * size * 4)
  const [left, top] = [(index % columns) * size, Math.floor(index / columns) * size]
  for (let row = 0; row < size; row++) {
    const from = ((top + row) * columns * size + left) * 4
    sheet.copy(tile, row * size * 4, from, from + size * 4)
  }
  return tile
}
