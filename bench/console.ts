import { parseArgs } from 'node:util'
import { openChromium } from '../test/support/chromium.ts'
import { measureScroll } from './console/deep-scroll.ts'
import { firstPageBytes, measureFirstPicture } from './console/first-picture.ts'
import { takePictures } from './console/pictures.ts'
import { stage } from './console/stage.ts'
import { table } from './support/service.ts'

/**
 * The console in a real Chromium: the size of its first page, the time to the first picture after a fresh start and of a running service,
 * and its memory while a large catalogue is scrolled. `npm run bench -- console [first] [scroll] [--items N] [--stage] [--pictures] [--url URL --token
 * TOKEN] [--only NAME,NAME] [--folder DIR]`; with `--pictures` it writes the documentation's pictures of a running service instead, and with
 * `--stage` it first gives that service, a demo, the uploads, failures, take-downs and tokens that they show.
 */
export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      items: { type: 'string', default: '390000' },
      stage: { type: 'boolean', default: false },
      pictures: { type: 'boolean', default: false },
      url: { type: 'string', default: 'http://localhost:4000' },
      token: { type: 'string', default: '' },
      folder: { type: 'string' },
      only: { type: 'string' },
    },
  })
  const isWanted = (part: string) => positionals.length === 0 || positionals.includes(part)
  if (values.stage) await stage(values)
  if (values.stage && !values.pictures) return
  const { browser, close } = await openChromium()
  try {
    if (values.pictures) return await takePictures(browser, values)
    const rows = [
      ['first page, compressed', `${(firstPageBytes() / 1000).toFixed(1)} kB`, '<= 90 kB'],
      ...(isWanted('first') ? await measureFirstPicture(browser) : []),
      ...(isWanted('scroll') ? await measureScroll(browser, Number(values.items)) : []),
    ]
    process.stdout.write(`\n${table(['what', 'measured', 'goal'], rows)}\n`)
  } finally {
    await close()
  }
}
