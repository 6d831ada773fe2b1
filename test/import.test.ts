import { mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readDemo } from '../src/import/demo.ts'
import { walkDirectory } from '../src/import/directory.ts'
import { readIconify } from '../src/import/iconify.ts'
import { importItems } from '../src/import/import-items.ts'
import { inspectSvg } from '../src/import/inspect-svg.ts'
import { drawing, entry, svg, tempDirectory, testApp } from './support/setup.ts'

const [FAMILY, SET] = ['FAMILY000001', 'SET000000001']

async function directoryOf(files: Record<string, string>): Promise<string> {
  const directory = await tempDirectory()
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true })
    await writeFile(path.join(directory, name), content)
  }
  return directory
}

describe('importing a directory', () => {
  it('creates vendors, families, sets and items, and reports files that are not SVG with a reason', async () => {
    const app = await testApp()
    const directory = await directoryOf({
      [`acme/icons/${FAMILY}/${SET}/arrow-left.svg`]: drawing(1),
      [`acme/icons/${FAMILY}/${SET}/broken.svg`]: '<html><body>404</body></html>',
      [`acme/icons/${FAMILY}/${SET}/empty.svg`]: ' \n',
      [`acme/icons/${FAMILY}/${SET}/note.txt`]: 'hello',
      [`acme/illustrations/${FAMILY}/SET000000002/scene.svg`]: drawing(2),
      'acme/icons/short/x.svg': drawing(3),
    })
    await symlink('/etc/hostname', path.join(directory, `acme/icons/${FAMILY}/${SET}/linked.svg`))
    const report = await importItems({ pg: app.pg, originals: app.stores.originals }, walkDirectory(directory))
    expect(report).toMatchObject({ added: 2, changed: 0, unchanged: 0 })
    expect(report.refused.map(({ from, reason }) => [path.basename(from), reason.split(':')[0]])).toEqual([
      ['note.txt', 'BAD_INPUT'],
      ['x.svg', 'BAD_INPUT'],
      ['broken.svg', 'NOT_SVG'],
      ['empty.svg', 'EMPTY'],
    ])
    const items = await app.prisma.item.findMany({
      include: { vendor: true, family: true, iconSet: true },
      orderBy: { slug: 'asc' },
    })
    expect(
      items.map(({ slug, name, kind, width, vendor, family, iconSet }) => [
        slug,
        name,
        kind,
        width,
        vendor.username,
        family.uniqueId,
        iconSet.uniqueId,
      ]),
    ).toEqual([
      ['arrow-left', 'Arrow left', 'ICON', 24, 'acme', FAMILY, SET],
      ['scene', 'Scene', 'ILLUSTRATION', 24, 'acme', FAMILY, 'SET000000002'],
    ])
  })

  it('changes nothing the second time, and restores an original that was lost', async () => {
    const app = await testApp()
    const to = { pg: app.pg, originals: app.stores.originals }
    const entries = Array.from({ length: 1200 }, (_, index) => entry(`item-${index}`, drawing(index)))
    expect(await importItems(to, entries)).toMatchObject({ added: 1200 })
    const before = await app.prisma.item.findMany()
    const key = before[0]?.sourceKey ?? ''
    await app.stores.originals.delete([key])
    expect(await importItems(to, entries)).toMatchObject({ added: 0, changed: 0, unchanged: 1200 })
    expect(await app.prisma.item.findMany()).toEqual(before)
    expect(await app.stores.originals.head(key)).not.toBeNull()
  })

  it('treats other bytes under a known key as a new source and remembers the earlier ones', async () => {
    const app = await testApp()
    const to = { pg: app.pg, originals: app.stores.originals }
    await importItems(to, [entry('a', drawing(1))])
    const first = await app.prisma.item.findFirstOrThrow()
    expect(await importItems(to, [entry('a', drawing(2))])).toMatchObject({ added: 0, changed: 1 })
    const second = await app.prisma.item.findFirstOrThrow()
    expect(second.id).toBe(first.id)
    expect(second.previousSourceHashes).toEqual([first.sourceHash])
    expect(String(await app.stores.originals.get(second.sourceKey))).toBe(drawing(2))
    for (let number = 3; number < 10; number++) await importItems(to, [entry('a', drawing(number))])
    expect((await app.prisma.item.findFirstOrThrow()).previousSourceHashes).toHaveLength(4)
  })

  it('lets no vendor write into the family of another', async () => {
    const app = await testApp()
    const to = { pg: app.pg, originals: app.stores.originals }
    const mine = entry('a', drawing(1))
    await importItems(to, [mine])
    const report = await importItems(to, [
      { ...mine, from: 'theirs', vendor: { username: 'mallory', name: 'Mallory' } },
    ])
    expect(report).toMatchObject({
      added: 0,
      refused: [{ from: 'theirs', reason: expect.stringContaining('another vendor') }],
    })
    expect(await app.prisma.item.count()).toBe(1)
  })
})

describe('importing Iconify', () => {
  it('gives the demo: three sets of real icons by three vendors, colour as illustrations', async () => {
    const counts = new Map<string, number>()
    let refused = 0
    for await (const item of readDemo()) {
      if ('reason' in item) refused++
      else
        counts.set(
          `${item.vendor.username} ${item.iconSet.kind}`,
          (counts.get(`${item.vendor.username} ${item.iconSet.kind}`) ?? 0) + 1,
        )
    }
    expect([...counts.keys()].sort()).toEqual([
      'hatscripts ILLUSTRATION',
      'lucide-contributors ICON',
      'twitter ILLUSTRATION',
    ])
    expect([...counts.values()].reduce((sum, count) => sum + count)).toBeGreaterThan(5800)
    expect(refused).toBe(0)
  })

  it('creates sets from categories, keeps the box, and leaves hidden icons out', async () => {
    const directory = await directoryOf({
      'icons.json': JSON.stringify({
        prefix: 'x',
        width: 20,
        height: 10,
        icons: {
          a: { body: '<path d="M0 0h1"/>' },
          b: { body: '<path/>', width: 5, left: -1 },
          c: { body: '', hidden: true },
        },
      }),
      'info.json': JSON.stringify({ name: 'X Icons', author: { name: 'Älva & Co.' } }),
      'metadata.json': JSON.stringify({ categories: { Arrows: ['a'] } }),
    })
    const items = []
    for await (const item of readIconify(directory)) if (!('reason' in item)) items.push(item)
    expect(
      items.map(({ slug, vendor, iconSet, bytes }) => [slug, vendor.username, iconSet.name, String(bytes)]),
    ).toEqual([
      [
        'a',
        'a-lva-co',
        'Arrows',
        '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10" viewBox="0 0 20 10"><path d="M0 0h1"/></svg>',
      ],
      [
        'b',
        'a-lva-co',
        'X Icons',
        '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="10" viewBox="-1 0 5 10"><path/></svg>',
      ],
    ])
  })

  it('reports which file is not an Iconify package, and why', async () => {
    const directory = await directoryOf({ 'icons.json': '{"prefix": 1}', 'info.json': '{}', 'metadata.json': '{}' })
    await expect(readIconify(directory)[Symbol.asyncIterator]().next()).rejects.toThrow(
      /icons\.json is not part of an Iconify/,
    )
  })
})

describe('inspecting an SVG', () => {
  const rows: [string, string | Buffer, object | string][] = [
    ['sizes in px', svg('', 20), { width: 20, height: 20 }],
    ['sizes with a unit', '<svg width="3px" height=" 4.5 "/>', { width: 3, height: 4.5 }],
    ['no size but a box', '<svg viewBox="0 0 7,8"/>', { width: 7, height: 8 }],
    ['no size at all', '<svg/>', { width: null, height: null }],
    [
      'a declaration, a doctype, comments',
      '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg">]><!-- x --><svg xmlns="&ns;" width="1" height="1"/>',
      { width: 1, height: 1 },
    ],
    ['a prefix', '<s:svg xmlns:s="http://www.w3.org/2000/svg" width="1" height="2"/>', { width: 1, height: 2 }],
    ['HTML', '<html><svg/></html>', 'NOT_SVG'],
    ['no XML', 'GIF89a', 'NOT_SVG'],
    ['an SVGZ', gzipSync(svg('', 20)), { width: 20, height: 20 }],
    ['UTF-16', Buffer.from(`\ufeff${svg('', 20)}`, 'utf16le'), { width: 20, height: 20 }],
    ['millimetres', '<svg width="25.4mm" height="1in"/>', { width: 96, height: 96 }],
    ['nothing', '', 'EMPTY'],
    ['too much', ' '.repeat(5_000_001), 'TOO_LARGE'],
    // Going on after each error would take longer than a test may.
    ['an error in every character', '<'.repeat(5_000_000), 'NOT_SVG'],
    ['text in which every character is an error', '\0'.repeat(5_000_000), 'NOT_SVG'],
  ]
  it.each(rows)('%s', (_name, source, expected) => {
    const inspect = () => inspectSvg(Buffer.from(source))
    if (typeof expected === 'string') expect(inspect).toThrow(expect.objectContaining({ code: expected }))
    else expect(inspect()).toEqual(expected)
  })
})
