import path from 'node:path'
import type { Config } from '../config.ts'
import { openFsStore } from './fs.ts'
import type { Store } from './store.ts'

/** The private store of originals and the public store of previews. */
export interface Stores {
  readonly originals: Store
  readonly previews: Store
}

export async function openStores(config: Config): Promise<Stores> {
  return {
    originals: await openFsStore(path.join(config.dataDir, 'originals')),
    previews: await openFsStore(path.join(config.dataDir, 'previews')),
  }
}
