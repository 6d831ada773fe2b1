import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { median } from '../support/service.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const DIST = path.join(ROOT, 'console/dist')
const VISITS = 7
const PICTURE = '.picture.loaded'

/** What the first page needs: its HTML, scripts and styles compressed by gzip, and its font, which is compressed already. */
export function firstPageBytes(): number {
  const html = readFileSync(path.join(DIST, 'index.html'), 'utf8')
  const linked = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, file = '']) => file)
  const fonts = readdirSync(path.join(DIST, 'assets')).filter((name) => name.endsWith('.woff2'))
  const sizes = [
    gzipSync(html).length,
    ...linked.map((file) => gzipSync(readFileSync(path.join(DIST, file))).length),
    ...fonts.map((name) => readFileSync(path.join(DIST, 'assets', name)).length),
  ]
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Starts the service with the demo in an empty directory, and opens the link that it prints. */
export async function measureFirstPicture(browser: Browser): Promise<string[][]> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'afterimage-bench-'))
  const begin = performance.now()
  const child = spawn(process.execPath, [path.join(ROOT, 'src/bin/afterimage.ts'), 'start'], {
    env: { ...process.env, DATABASE_URL: undefined, DATA_DIR: dataDir, PORT: '0', ADMIN_TOKEN: 'bench', DEMO: 'on' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  try {
    let said = ''
    const link = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (text) => {
        said += text
        const [, found] = /console\s+(http\S+)/.exec(said) ?? []
        if (found) resolve(found)
      })
      void gone.then(() => reject(new Error(`npm start ended: ${said}`)))
    })
    const printed = performance.now()
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 } })
    const page = await context.newPage()
    await page.goto(link, { waitUntil: 'commit' })
    await page.locator(PICTURE).first().waitFor()
    const shown = performance.now()
    await context.close()
    // Further visits are measured while nothing is rendered.
    while (!/Backfill COMPLETED/.test(said)) await once(child.stdout, 'data')
    const cold: number[] = []
    const warm: number[] = []
    const url = new URL(link).origin
    for (let visit = 0; visit < VISITS; visit++) {
      const fresh = await browser.newContext({ viewport: { width: 1280, height: 860 } })
      await fresh.addInitScript(`sessionStorage.setItem('afterimage-token', 'bench')`)
      const tab = await fresh.newPage()
      for (const times of [cold, warm]) {
        const opened = performance.now()
        await tab.goto(url, { waitUntil: 'commit' })
        await tab.locator(PICTURE).first().waitFor()
        times.push(performance.now() - opened)
      }
      await fresh.close()
    }
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
    return [
      ['fresh start with the demo: its link is printed after', seconds(printed - begin), ''],
      ['from opening the link to the first picture', seconds(shown - printed), '<= 5 s'],
      [`a running service: first picture, median of ${VISITS} first visits`, `${median(cold).toFixed(0)} ms`, ''],
      [`the same, of ${VISITS} further visits`, `${median(warm).toFixed(0)} ms`, ''],
    ]
  } finally {
    child.kill('SIGTERM')
    await gone
    await rm(dataDir, { recursive: true, force: true })
  }
}
