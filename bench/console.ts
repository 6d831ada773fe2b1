import { parseArgs } from 'node:util'
import { openChromium } from '../test/support/chromium.ts'
import { takePictures } from './console/pictures.ts'

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      pictures: { type: 'boolean', default: false },
      url: { type: 'string', default: 'http://localhost:4000' },
      token: { type: 'string', default: process.env.ADMIN_TOKEN ?? '' },
      folder: { type: 'string' },
      only: { type: 'string' },
    },
  })
  const { browser, close } = await openChromium()
  try {
    const { url, token, folder, only } = values
    await takePictures(browser, { url, token, only, ...(folder ? { folder } : {}) })
  } finally {
    await close()
  }
}
