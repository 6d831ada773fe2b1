import yazl from 'yazl'
import type { App } from '../../src/app.ts'
import { printUploadKey } from '../../src/core/variant.ts'
import { createUpload } from '../../src/uploads/uploads.ts'

/** Creates an upload whose archive is already in the store. Returns its id. */
export async function createStored(app: App, archive: Buffer, vendor: string): Promise<number> {
  const { id } = await createUpload(
    { ...app, limits: app.config.limits },
    { vendor, fileName: 'bench.zip', bytes: archive.length, client: 'bench' },
  )
  await app.stores.originals.put(printUploadKey(id), archive, { contentType: 'application/zip' })
  return id
}

/** A vendor's archive of one set. */
export async function pack(vendor: string, sources: readonly Buffer[]): Promise<Buffer> {
  const zip = new yazl.ZipFile()
  const files = sources.map((source, at) => {
    zip.addBuffer(source, `icons/icon-${at}.svg`)
    return { file: `icons/icon-${at}.svg`, title: `Icon ${at}`, tags: ['bench', `number ${at}`] }
  })
  const manifest = { vendor, families: [{ name: 'Bench', sets: [{ name: 'Bench', kind: 'icon', files }] }] }
  zip.addBuffer(Buffer.from(JSON.stringify(manifest)), 'manifest.json')
  zip.end()
  const chunks: Buffer[] = []
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
