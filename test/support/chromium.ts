import bundle from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'

/** Only what the page asks for goes over the network, and to us; root needs no sandbox of its own. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
]

/** A real headless Chromium, out of the npm package @sparticuz/chromium. The caller closes it. */
export async function openChromium(): Promise<Browser> {
  const executablePath = await bundle.executablePath()
  return await chromium.launch({
    executablePath,
    args: [...bundle.args.filter((each) => !each.includes('single-process')), ...ARGUMENTS],
  })
}
