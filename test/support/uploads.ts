import { expect } from 'vitest'
import yazl from 'yazl'
import type { App } from '../../src/app.ts'
import { TOMBSTONES_PREFIX } from '../../src/core/visibility.ts'
import { runTasks } from './run-tasks.ts'
import { ask } from './setup.ts'

export interface TestSet {
  readonly name: string
  readonly uniqueId?: string
  readonly kind?: 'icon' | 'illustration'
  /** Slug -> source. */
  readonly files?: Readonly<Record<string, string | Buffer>>
  readonly removed?: readonly string[]
  readonly visibility?: ManifestVisibility
  /** Slug -> its own. */
  readonly visibilities?: Readonly<Record<string, ManifestVisibility>>
}

type ManifestVisibility = 'public' | 'unlisted' | 'private'

/** A vendor's archive with a manifest of one family. */
export async function packSets(
  sets: readonly TestSet[],
  options: {
    vendor?: string
    family?: string
    uniqueId?: string
    visibility?: ManifestVisibility
    /** Names of other files in it. */
    more?: readonly string[]
  } = {},
): Promise<Buffer> {
  const { vendor = 'acme', family = 'Basics', more = [], ...about } = options
  const zip = new yazl.ZipFile()
  for (const name of more) zip.addBuffer(Buffer.from('x'), name)
  const listed = sets.map(({ files = {}, kind = 'icon', visibilities = {}, ...set }, at) => ({
    ...set,
    kind,
    files: Object.entries(files).map(([slug, source]) => {
      const file = `set-${at}/${slug}.svg`
      zip.addBuffer(Buffer.from(source), file)
      return {
        file,
        title: `The ${slug}`,
        tags: [slug, 'test'],
        aliases: [`${slug} too`],
        alt: `A picture of ${slug}`,
        visibility: visibilities[slug],
      }
    }),
  }))
  const license = { title: 'MIT', spdx: 'MIT', url: 'https://example.com/mit' }
  const manifest = {
    vendor,
    families: [{ name: family, license, author: 'Ann', ...about, sets: listed }],
  }
  zip.addBuffer(Buffer.from(JSON.stringify(manifest)), 'manifest.json')
  zip.end()
  const chunks: Buffer[] = []
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export interface CreatedUpload {
  readonly id: string
  readonly url: string
  readonly headers: readonly { name: string; value: string }[]
}

export async function createUpload(api: string, bytes: number, vendor = 'acme'): Promise<CreatedUpload> {
  const { data, errors } = await ask<{ createUpload: Omit<CreatedUpload, 'id'> & { upload: { id: string } } }>(
    api,
    `mutation ($vendor: String!, $bytes: Float!) {
       createUpload(vendor: $vendor, fileName: "icons.zip", bytes: $bytes) { upload { id } url headers { name value } }
     }`,
    { variables: { vendor, bytes } },
  )
  expect(errors).toBeUndefined()
  const { upload, ...created } = data.createUpload
  return { ...created, id: upload.id }
}

/** Sends an archive to the URL from createUpload. */
export const send = ({ url, headers }: CreatedUpload, archive: Buffer): Promise<Response> =>
  fetch(url, {
    method: 'PUT',
    headers: headers.map(({ name, value }): [string, string] => [name, value]),
    body: new Uint8Array(archive),
  })

export const completeUpload = (api: string, id: string) =>
  ask<{ completeUpload: { status: string } }>(api, 'mutation ($id: ID!) { completeUpload(id: $id) { status } }', {
    variables: { id },
  })

/** Sends an archive and starts it; returns the upload's id. */
export async function startUpload(api: string, archive: Buffer, vendor?: string): Promise<string> {
  const created = await createUpload(api, archive.length, vendor)
  expect((await send(created, archive)).status).toBe(201)
  expect((await completeUpload(api, created.id)).errors).toBeUndefined()
  return created.id
}

/** Runs all queued jobs of uploads, with the worker's own tasks, in this process. */
export const runUploads = (app: App): Promise<void> => runTasks(app, 'uploads')

export interface UploadState {
  readonly status: string
  readonly progress: number
  readonly problemCount: number
  readonly notes: readonly string[]
  readonly items: Record<'total' | 'done' | 'failed' | 'added' | 'changed' | 'removed', number>
  readonly problems: { nodes: { code: string; file: string | null; pointer: string | null; message: string }[] }
}

export async function readUpload(api: string, id: string): Promise<UploadState> {
  const { data } = await ask<{ upload: UploadState }>(
    api,
    `query ($id: ID!) { upload(id: $id) {
       status progress problemCount notes items { total done failed added changed removed }
       problems(first: 20) { nodes { code file pointer message } }
     } }`,
    { variables: { id } },
  )
  return data.upload
}

/** Ingests an archive in this process, and returns the result. */
export async function uploadArchive(
  { app, url }: { app: App; url: string },
  archive: Buffer,
  vendor?: string,
): Promise<UploadState & { id: string }> {
  const id = await startUpload(url, archive, vendor)
  await runUploads(app)
  return { id, ...(await readUpload(url, id)) }
}

/** The keys with a prefix; without one those of everything in a store except tombstones. */
export async function keysOf(store: App['stores']['originals'], prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix))
    if (prefix !== '' || !key.startsWith(TOMBSTONES_PREFIX)) keys.push(key)
  return keys
}
