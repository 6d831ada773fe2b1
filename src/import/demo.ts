import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readIconify } from './iconify.ts'
import type { Entry, Refusal } from './import-items.ts'

const SETS = ['lucide', 'twemoji', 'circle-flags']

/** The demo catalogue: three sets of real icons, by three vendors, from packages that we depend on. */
export async function* readDemo(): AsyncIterable<Entry | Refusal> {
  for (const set of SETS) {
    yield* readIconify(path.dirname(fileURLToPath(import.meta.resolve(`@iconify-json/${set}/icons.json`))))
  }
}
