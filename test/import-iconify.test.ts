import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isIconifyCollection, readIconifyCollection } from '../src/import/iconify-collection.ts'
import { importItems } from '../src/import/import-items.ts'
import { readMembers } from '../src/import/read-members.ts'
import { testDatabase } from './support/database.ts'
import { tempDirectory, testApp } from './support/setup.ts'

const run = promisify(execFile)
const BODY = '<path d="M0 0h16v16z"/>'

interface FakeSet {
  author: string
  icons: Record<string, object>
  palette?: boolean
  categories?: Record<string, string[]>
}

/** A package like `@iconify/json`. */
async function collectionOf(sets: Record<string, FakeSet | string>, folder?: string): Promise<string> {
  const directory = folder ?? (await tempDirectory())
  await mkdir(path.join(directory, 'json'), { recursive: true })
  await writeFile(path.join(directory, 'collections.json'), '{}')
  await writeFile(path.join(directory, 'package.json'), '{"name":"@iconify/json","version":"2.2.7"}')
  for (const [prefix, set] of Object.entries(sets)) {
    const json =
      typeof set === 'string'
        ? set
        : {
            prefix,
            info: { name: `Set ${prefix}`, author: { name: set.author }, palette: set.palette ?? false },
            icons: set.icons,
            aliases: { other: { parent: 'a' } },
            width: 16,
            categories: set.categories ?? {},
          }
    const text = typeof json === 'string' ? json : JSON.stringify(json, null, '\t')
    await writeFile(path.join(directory, 'json', `${prefix}.json`), text)
  }
  return directory
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

describe('importing all of Iconify', () => {
  it('imports every set with its hidden icons, a vendor for each author, and continues after a broken set', async () => {
    const app = await testApp()
    const to = { pg: app.pg, originals: app.stores.originals }
    const directory = await collectionOf({
      bold: { author: 'A & B', icons: { a: { body: BODY }, gone: { body: BODY, hidden: true } } },
      broken: '{"prefix": "broken", "icons": {"a": {"body": "x"}',
      colour: { author: 'A & B', icons: { a: { body: BODY } }, palette: true },
      light: { author: 'a  b', icons: { a: { body: BODY, width: 32 }, '../b': { body: BODY }, c: { body: '' } } },
      nobody: '{"prefix": "nobody", "icons": {}, "info": {"name": "Nobody"}}',
      zeta: { author: '木', icons: { a: { body: BODY } }, categories: { Arrows: ['a'] } },
    })
    expect(await isIconifyCollection(directory)).toBe(true)
    const report = await importItems(to, readIconifyCollection(app.pg, directory))
    expect(report).toMatchObject({ added: 6, refusals: 3 })
    expect(report.refused.map(({ from, reason }) => `${from} ${reason}`)).toEqual([
      expect.stringMatching(
        /^broken\.json BAD_INPUT: .*broken\.json is not part of an Iconify JSON package: .*too early/,
      ),
      expect.stringMatching(/^light:\.\.\/b BAD_INPUT: .*part of a key/),
      expect.stringMatching(/^nobody\.json BAD_INPUT: .*nobody\.json/),
    ])
    const items = await app.prisma.item.findMany({
      include: { vendor: true, iconSet: true },
      orderBy: [{ iconSet: { name: 'asc' } }, { slug: 'asc' }],
    })
    const [third = '', first = '', second = ''] = new Set(items.map(({ vendor }) => vendor.username))
    expect([first, second, third]).toEqual([
      'a-b',
      expect.stringMatching(/^a-b-[a-z2-7]{12}$/),
      expect.stringMatching(/^vendor-[a-z2-7]{12}$/),
    ])
    expect(
      items.map(({ slug, kind, width, vendor, iconSet }) => [vendor.username, iconSet.name, kind, slug, width]),
    ).toEqual([
      [third, 'Arrows', 'ICON', 'a', 16],
      [first, 'Set bold', 'ICON', 'a', 16],
      [first, 'Set bold', 'ICON', 'gone', 16],
      [first, 'Set colour', 'ILLUSTRATION', 'a', 16],
      [second, 'Set light', 'ICON', 'a', 32],
      [second, 'Set light', 'ICON', 'c', 16],
    ])
    expect(await importItems(to, readIconifyCollection(app.pg, directory))).toMatchObject({ added: 0, unchanged: 6 })
  })

  it('splits a file into the same members as JSON.parse, wherever its chunks end', async () => {
    const icons = Object.fromEntries(
      Array.from({ length: 4000 }, (_, index) => [
        `i-${index}`,
        { body: `<g id="{,[\\"${'木é'.repeat(index % 23)}\\\\"/>` },
      ]),
    )
    const set = { width: 1, icons, info: { icons: { a: [1, { b: 'x' }] } }, last: [{}, []] }
    const file = path.join(await tempDirectory(), 'set.json')
    for (const text of [JSON.stringify(set), JSON.stringify(set, null, 2)]) {
      await writeFile(file, text)
      const members = await collect(readMembers(file, 'icons'))
      const objectOf = (wanted: string | null) =>
        Object.assign({}, ...members.filter(({ of }) => of === wanted).map(({ text: json }) => JSON.parse(`{${json}}`)))
      expect({ ...objectOf(null), icons: objectOf('icons') }).toEqual(set)
    }
  })

  it('by its name installs the package once and keeps it; reports when npm fails', { timeout: 60_000 }, async () => {
    const { registry, close } = await serveRegistry(
      await collectionOf(
        { one: { author: 'One', icons: { a: { body: BODY } } } },
        path.join(await tempDirectory(), 'package'),
      ),
    )
    const [DATA_DIR, home] = [await tempDirectory(), await tempDirectory()]
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: home,
      DATA_DIR,
      DATABASE_URL: await testDatabase(),
      npm_config_registry: registry,
      npm_config_fetch_retries: '0',
    }
    const importIconify = () =>
      run(process.execPath, [path.join(import.meta.dirname, '../src/bin/afterimage.ts'), 'import', 'iconify'], { env })
    expect((await importIconify()).stdout).toMatch(/installing .*\n@iconify\/json 2\.2\.7\n1 added/)
    await close()
    expect((await importIconify()).stdout).toMatch(/^@iconify\/json 2\.2\.7\n0 added, 0 changed, 1 unchanged/)
    expect(await readdir(path.join(DATA_DIR, 'packages'))).toEqual(['iconify'])
    const elsewhere = { ...env, HOME: await tempDirectory(), DATA_DIR: await tempDirectory() }
    await expect(
      run(process.execPath, [path.join(import.meta.dirname, '../src/bin/afterimage.ts'), 'import', 'iconify'], {
        env: elsewhere,
      }),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^npm cannot install @iconify\/json into .*check npm/),
    })
  })
})

/** A registry with one package, with the responses that npm needs. */
async function serveRegistry(directory: string): Promise<{ registry: string; close: () => Promise<unknown> }> {
  const tarball = path.join(await tempDirectory(), 'package.tgz')
  await run('tar', ['-czf', tarball, '-C', path.dirname(directory), path.basename(directory)])
  const bytes = await readFile(tarball)
  const server = createServer((request, response) => {
    if (request.url?.endsWith('.tgz')) return response.end(bytes)
    const dist = {
      tarball: `${registry}/json.tgz`,
      integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    }
    const versions = { '2.2.7': { name: '@iconify/json', version: '2.2.7', dist } }
    response.end(JSON.stringify({ name: '@iconify/json', 'dist-tags': { latest: '2.2.7' }, versions }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    server.closeAllConnections()
    if (server.listening) await once(server.close(), 'close')
  }
  onTestFinished(close)
  return { registry, close }
}
