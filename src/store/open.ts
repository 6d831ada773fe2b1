import path from 'node:path'
import type { Buckets } from '../core/config/buckets.ts'
import type { Config } from '../core/config.ts'
import { openFsStore } from './fs.ts'
import { openPictureStore } from './private.ts'
import { openS3Store } from './s3.ts'
import type { Store } from './store.ts'

/** The private store of originals, and the store of pictures, which is public except for those with a private key: see private.ts. */
export interface Stores {
  readonly originals: Store
  readonly previews: Store
  readonly close: () => Promise<void>
}

/** Sockets per renderer of a process: several variants of an item are stored at once, and others are read at the same time. */
const CONNECTIONS_PER_RENDERER = 16

interface Bucket {
  readonly bucket: string
  /** The variable that names it, for error messages. */
  readonly variable: string
}

/** How each provider opens one of the buckets. */
const OPEN: { readonly [Provider in Buckets['provider']]: (config: Config, bucket: Bucket) => Promise<Opened> } = {
  s3: ({ aws, renderers }, bucket) =>
    openS3Store({ ...bucket, aws, connectionsMax: renderers * CONNECTIONS_PER_RENDERER }),
}

type Opened = Store & { readonly close: () => Promise<void> }

/**
 * The two buckets if configured, else two directories in `DATA_DIR`. Throws UNAVAILABLE with the remedy.
 */
export async function openStores(config: Config): Promise<Stores> {
  const { buckets, dataDir } = config
  if (!buckets) {
    const originals = await openFsStore(path.join(dataDir, 'originals'))
    const previews = await openFsStore(path.join(dataDir, 'previews'))
    return { originals, previews: openPictureStore({ originals, previews }), close: async () => {} }
  }
  const open = OPEN[buckets.provider]
  const [originals, previews] = await Promise.allSettled([
    open(config, { bucket: buckets.originals, variable: 'ORIGINALS_BUCKET' }),
    open(config, { bucket: buckets.previews, variable: 'PREVIEWS_BUCKET' }),
  ])
  if (originals.status === 'rejected' || previews.status === 'rejected') {
    for (const opened of [originals, previews]) if (opened.status === 'fulfilled') await opened.value.close()
    throw originals.status === 'rejected' ? originals.reason : (previews as PromiseRejectedResult).reason
  }
  const close = async () => {
    await originals.value.close()
    await previews.value.close()
  }
  const stores = { originals: originals.value, previews: previews.value }
  return { originals: stores.originals, previews: openPictureStore(stores), close }
}
