import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { hashSource } from '../../src/core/variant.ts'
import { deleteDiscarded } from '../../src/retention/delete-discarded.ts'
import { md5Of } from '../../src/variants/make.ts'
import { seededRandom } from '../support/random.ts'
import { drawing, svg, tempDirectory, testApp, testConfig, testServer } from '../support/setup.ts'
import { until } from '../support/until.ts'
import { keysOf, packSets, readUpload, startUpload } from '../support/uploads.ts'
import { startWorker } from '../support/worker.ts'

const SETS = ['Arrows', 'Faces', 'Signs']
const ITEMS = 60
const KILLS = 10
/** On a busy machine a worker takes long to start. */
const STARTED_MS = 90_000

const sourceOf = (version: number, set: number, item: number) => svg(`${drawing(item)}<path d="M${version} ${set}h9"/>`)

it('workers killed at ten random moments of ingests leave every set complete, old or new, and nothing else', {
  timeout: 480_000,
}, async () => {
  const presets = path.join(await tempDirectory(), 'presets.json')
  const preset = (size: number) => ({ width: size, height: size, background: 'white', formats: ['webp'] })
  await writeFile(presets, JSON.stringify({ small: preset(24), smaller: preset(16) }))
  const app = await testApp(await testConfig({ PRESETS_FILE: presets }))
  const { url } = await testServer(app)
  const versionOf = new Map<string, number>()
  const upload = async (version: number) => {
    const sets = SETS.map((name, set) => {
      const files = Object.fromEntries(
        Array.from({ length: ITEMS }, (_, item) => {
          const source = sourceOf(version, set, item)
          versionOf.set(hashSource(Buffer.from(source)), version)
          return [`icon-${item}`, source]
        }),
      )
      // One is only in every second version.
      return version % 2 === 0
        ? { name, files: { ...files, extra: drawing(version) } }
        : { name, files, removed: ['extra'] }
    })
    for (const { files } of sets)
      if ('extra' in files) versionOf.set(hashSource(Buffer.from(drawing(version))), version)
    return await startUpload(url, await packSets(sets))
  }

  // Checks continuously: a set is always one version of it, complete.
  let isWatching = true
  const watching = (async () => {
    let checks = 0
    for (; isWatching; checks++) {
      const { rows } = await app.pg.query(
        `select s.name, count(*)::int as count, array_agg(distinct i.source_hash) as hashes, bool_or(i.slug = 'extra') as has_extra
         from item i join icon_set s on s.id = i.icon_set_id group by 1`,
      )
      for (const { name, count, hashes, has_extra: hasExtra } of rows) {
        const versions = new Set(hashes.map((hash: string) => versionOf.get(hash)))
        expect([name, count, versions.size]).toEqual([name, ITEMS + (hasExtra ? 1 : 0), 1])
        expect(hasExtra).toBe(Number([...versions][0]) % 2 === 0)
      }
    }
    return checks
  })()
  const failure = watching.then(
    () => null,
    (error) => error,
  )

  let version = 0
  let id = await upload(version)
  let worker = startWorker(app, { RENDERERS: '1' })
  const random = seededRandom()
  const statuses: string[] = []
  for (let kills = 0; kills < KILLS; kills++) {
    // An update in the middle of the first one, and when all is done.
    if (kills === KILLS / 2 || (await readUpload(url, id)).status === 'COMPLETED') id = await upload(++version)
    // Its queues take jobs shortly before it reports readiness.
    await until(() => worker.said().includes('worker is running'), STARTED_MS)
    const [ready, dieAfterMs] = [Date.now(), random() * 800]
    await until(() => Date.now() - ready > dieAfterMs)
    worker.child.kill('SIGKILL')
    statuses.push((await readUpload(url, id)).status)
    await worker.gone
    worker = startWorker(app, { RENDERERS: '1' })
  }
  await until(async () => (await readUpload(url, id)).status === 'COMPLETED', 2 * STARTED_MS)
  isWatching = false
  expect(await failure).toBeNull()
  expect(await watching).toBeGreaterThan(20)
  expect(statuses.filter((status) => status !== 'COMPLETED').length, statuses.join()).toBeGreaterThan(3)

  const items = await app.prisma.item.findMany()
  expect(items).toHaveLength(SETS.length * (ITEMS + (version % 2 === 0 ? 1 : 0)))
  expect(new Set(items.map(({ sourceHash }) => versionOf.get(sourceHash)))).toEqual(new Set([version]))
  const images = await app.prisma.image.findMany()
  for (const { id: itemId, sourceHash } of items)
    expect(images.filter((image) => image.ownerId === itemId && image.sourceHash === sourceHash)).toHaveLength(2)
  for (const { objectKey, md5 } of images) expect(md5Of((await app.stores.previews.get(objectKey)) as Buffer)).toBe(md5)
  // When they are due, all objects without references are deleted, and no others.
  await app.pg.query("update discarded_object set delete_after = now() - interval '1 second'")
  // The last worker may be deleting some of them.
  await until(async () => {
    await deleteDiscarded(app)
    return (await app.pg.query('select from discarded_object')).rowCount === 0
  })
  expect(await keysOf(app.stores.originals)).toEqual(items.map(({ originalKey }) => String(originalKey)).sort())
  for (const { objectKey, bytes } of images) expect(await app.stores.previews.head(objectKey)).toEqual({ bytes })
})
