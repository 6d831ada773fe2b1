import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { walkDirectory } from '../../src/import/directory.ts'
import { readIconifySet } from '../../src/import/iconify.ts'
import { importItems } from '../../src/import/import-items.ts'
import { readS3Event } from '../../src/uploads/s3-event.ts'
import { ADMIN_TOKEN, drawing, entry, svg, tempDirectory, testApp, testServer } from '../support/setup.ts'
import { packSets, uploadArchive } from '../support/uploads.ts'
import { buildZip } from '../support/zip.ts'

async function open() {
  const app = await testApp()
  const { url } = await testServer(app)
  return { app, url }
}

/** A manifest with a part of its text replaced, for example by an escape. */
const manifestWith = (from: string, to: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      vendor: 'acme',
      families: [
        {
          name: 'Basics',
          sets: [{ name: 'All', kind: 'icon', files: [{ file: 'a.svg', title: 'Title', tags: ['tag'] }], extra: 'x' }],
        },
      ],
    })
      .replace(',"extra":"x"', from.includes('extra') ? ',"extra":"x"' : '')
      .replace(from, to),
  )
const archiveOf = (manifest: Buffer, name = 'a.svg') =>
  buildZip([
    { name: 'manifest.json', bytes: manifest },
    { name, bytes: Buffer.from(drawing(1)) },
  ])
const plain = manifestWith('', '')

describe('text that the database cannot store', () => {
  const archives: [name: string, archive: Buffer][] = [
    ["NUL in a file's name", archiveOf(plain, 'a\0b.svg')],
    ['NUL in the name of a folder', archiveOf(plain, 'icons\0/a.svg')],
    ["NUL in the manifest's name", buildZip([{ name: 'manifest.json\0', bytes: plain }])],
    ['a name that is no UTF-8, with NUL', buildZip([{ name: Buffer.from([0xff, 0, 0xfe]), bytes: plain }])],
    ['NUL in an unknown key', archiveOf(manifestWith('extra', 'a\\u0000b'))],
    ['half a pair in an unknown key', archiveOf(manifestWith('extra', 'a\\ud800b'))],
    ['NUL in a key that occurs twice', archiveOf(manifestWith('"extra":"x"', '"\\u0000":1,"\\u0000":2'))],
    ...['acme', 'Basics', 'All', 'icon', 'a.svg', 'Title', 'tag'].flatMap((text): [string, Buffer][] => [
      [`NUL in the value ${text}`, archiveOf(manifestWith(`"${text}"`, `"${text}\\u0000"`))],
      [`half a pair in the value ${text}`, archiveOf(manifestWith(`"${text}"`, `"${text}\\udc00"`))],
    ]),
  ]
  it('in an archive makes it refused immediately, with a sentence, and blocks nothing', async () => {
    const at = await open()
    for (const [name, archive] of archives) {
      const { status, problems } = await uploadArchive(at, archive)
      expect([name, status], JSON.stringify(problems)).toEqual([name, 'REFUSED'])
      expect(problems.nodes.length, name).toBeGreaterThan(0)
      for (const { message, code } of problems.nodes) expect(message.length, `${name} ${code}`).toBeGreaterThan(20)
    }
    const next = await uploadArchive(at, await packSets([{ name: 'All', files: { good: drawing(2) } }]))
    expect(next.status).toBe('COMPLETED')
  }, 120_000)

  it('in a drawing is part of the reason why it cannot be rendered', async () => {
    const { app, url } = await open()
    const [nul, wide] = ['\0', '\u{1f600}']
    const sources = [
      svg(`<a${nul}b>`),
      svg(`<g id="${nul}"/>`),
      `<a${nul}/>`,
      `<${'x'.repeat(39)}${wide}/>`,
      `<!DOCTYPE svg [<!ENTITY ${'e'.repeat(39)}${wide} "<g/>">]>${svg(`&${'e'.repeat(39)}${wide};`)}`,
      svg('</g>').replace('<svg', `<svg ${nul}="1"`),
      `<?xml version="1.0" encoding="${nul}"?>${svg('<g/>')}`,
    ]
    const drawings = sources.flatMap((source, at) => [
      entry(`utf8-${at}`, source),
      { ...entry(`utf16-${at}`, ''), bytes: Buffer.from(`\ufeff${source}`, 'utf16le') },
    ])
    await importItems({ pg: app.pg, originals: app.stores.originals }, drawings)
    const packed = Object.fromEntries(sources.map((source, at) => [`file-${at}`, source]))
    const { status, problems } = await uploadArchive(
      { app, url },
      await packSets([{ name: 'All', files: packed }]),
      'acme',
    )
    expect([status, problems.nodes.length]).toEqual(['COMPLETED', sources.length])
    const { sourceKey } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'utf8-0' } })
    const alias = await fetch(`${url}/images/${sourceKey.replace(/\.svg$/, '-thumbnail.webp')}`)
    expect(alias.status).toBe(422)
  })

  it('in the names of a directory or an Iconify set is refused, and the rest is imported', async () => {
    const { app } = await open()
    const root = await tempDirectory()
    const folder = 'acme/icons/FAMILY000001/SET000000001'
    await mkdir(path.join(root, folder), { recursive: true })
    await writeFile(path.join(root, folder, 'good.svg'), drawing(1))
    await mkdir(Buffer.concat([Buffer.from(`${root}/acme/icons/`), Buffer.from([0xff, 0xfe])]))
    await writeFile(Buffer.concat([Buffer.from(`${root}/${folder}/`), Buffer.from([0xff]), Buffer.from('.svg')]), 'x')
    const report = await importItems({ pg: app.pg, originals: app.stores.originals }, walkDirectory(root))
    expect([report.added, report.refusals]).toEqual([1, 2])

    const set = (info: string, more = '') =>
      `{"prefix":"x","info":${info},${more}"icons":{"a":{"body":"<path d='M0 0h9v9z'/>"}}}`
    const sets = [
      set('{"name":"a\\u0000b","author":{"name":"A"}}'),
      set('{"name":"a\\ud800b","author":{"name":"A"}}'),
      set('{"name":"N","author":{"name":"\\u0000"}}'),
      set('{"name":"N","author":{"name":"A"}}', '"categories":{"\\u0000":["a"]},'),
    ]
    for (const text of sets) {
      const file = path.join(root, 'set.json')
      await writeFile(file, text)
      const taking = importItems({ pg: app.pg, originals: app.stores.originals }, readIconifySet(file))
      await expect(taking, text).rejects.toThrow(
        /set\.json is not part of an Iconify JSON package.*(NUL character|Invalid key)/,
      )
    }
  })

  it('in the path or the body of a request is a client error', async () => {
    const { url } = await open()
    const texts = ['%00', 'a%00b.webp', '%ed%a0%80', '%ff', '%', '%c0%ae%c0%ae/', '\\..\\', '%2e%2e/', '//', '?%00=%00']
    for (const prefix of [
      '/images/',
      '/images/acme/icons/FAMILY000001/SET000000001/',
      '/uploads/',
      '/failures.jsonl?backfill=',
      '/',
    ])
      for (const text of texts) {
        const answer = await fetch(`${url}${prefix}${text}`, {
          headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
          redirect: 'manual',
        })
        expect(answer.status, prefix + text).toBeLessThan(500)
        await answer.arrayBuffer()
      }
    const key = 'uploads/1.zip\\u0000'
    const event = `{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"\\ud800"},"object":{"key":"${key}"}}}]}`
    expect(readS3Event(event)).toHaveLength(1)
    for (const body of [event, event.replace('\\u0000', '%00'), '\0', '"\\ud800"']) {
      const answer = await fetch(`${url}/events/s3`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        body,
      })
      expect(answer.status, body).toBeLessThan(500)
    }
  })
})
