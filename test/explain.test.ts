import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { printGlobalId } from '../src/core/global-id.ts'
import { recipeOf } from '../src/core/transform.ts'
import { explain } from '../src/diagnose/explain.ts'
import { importItems } from '../src/import/import-items.ts'
import { indexItems } from '../src/search/index-items.ts'
import { setVisibility } from '../src/takedown/set-visibility.ts'
import { takeDown } from '../src/takedown/take-down.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { specOf } from '../src/variants/offered.ts'
import { ask, drawing, entry, svg, tempDirectory, testApp, testConfig, testServer } from './support/setup.ts'

const CDN = 'https://cdn.example/p'
const PRESET = 'thumbnail'

const explained = (app: App, text: string, more: Partial<Parameters<typeof explain>[1]> = {}) =>
  explain(app, {
    ...{ text, imageUrl: CDN, host: 'localhost:4000', vendorId: null, showsPrivate: true, showsOriginals: true },
    ...more,
  })

const itemNamed = (app: App, slug: string) => app.prisma.item.findFirstOrThrow({ where: { slug } })

/** Drawings that were made, not made, failed and taken down; the first has an earlier source, too. */
async function catalogue() {
  const app = await testApp(await testConfig({ PUBLIC_IMAGE_URL: CDN }))
  const { url } = await testServer(app)
  const add = (slug: string, source: string) =>
    importItems({ pg: app.pg, originals: app.stores.originals }, [entry(slug, source)])
  await add('made', drawing(1))
  const keyOf = async (slug: string, preset = PRESET) =>
    variantKeyOf(app, await itemNamed(app, slug), { preset, format: 'WEBP' })
  const earlier = await keyOf('made')
  await add('made', drawing(2))
  await add('pending', drawing(3))
  await add('failed', svg(''))
  await add('gone', drawing(4))
  await takeDown(app, { type: 'ITEM', id: (await itemNamed(app, 'gone')).id }, 'a test')
  const get = async (key: string) => (await fetch(`${url}/images/${key}`, { redirect: 'manual' })).status
  expect([await get(await keyOf('made')), await get(await keyOf('failed'))]).toEqual([200, 422])
  await indexItems(app.pg)
  return { app, url, keyOf, earlier, get }
}

describe('explain', () => {
  it('tells every kind of text apart, and says what happened and what to do', async () => {
    const { app, keyOf, earlier } = await catalogue()
    const [made, pending, failed, gone] = await Promise.all(
      ['made', 'pending', 'failed', 'gone'].map((slug) => keyOf(slug)),
    )
    const item = await itemNamed(app, 'made')
    const family = await app.prisma.family.findFirstOrThrow()
    const forged = (made ?? '').replace(/\..{16}\./, `.${'a'.repeat(16)}.`)
    const transform = recipeOf({ width: 64, height: null, fit: 'contain', padding: 0, background: null, color: null })
    const transformKey = variantKeyOf(app, item, specOf(transform.presetFor(item), 'PNG'))
    type Row = [text: string, fields: object, sentence: RegExp, cdn: RegExp, remedy: RegExp | null]
    const ofItem = { itemId: item.id, familyId: family.id, vendorId: item.vendorId }
    const ready = { issued: true, status: 'READY', objectKey: made, stored: true, ...ofItem }
    const rows: Row[] = [
      [
        `${CDN}/${made}`,
        { kind: 'PICTURE', ...ready },
        /^This is the current thumbnail .*made on .* by resvg.* bytes/,
        /200 .*from the bucket/,
        null,
      ],
      [`  /images/${made}?x=1#y `, { kind: 'PICTURE', ...ready }, /current/, /200/, null],
      [`http://localhost:4000/images/${made}`, { kind: 'PICTURE', ...ready }, /current/, /200/, null],
      [`${CDN}/${made?.replace(/\..{16}\./, '.')}`, { kind: 'PICTURE', ...ready }, /without a version/, /302/, null],
      [earlier, { kind: 'PICTURE', ...ready }, /earlier source/, /302 to the current/, null],
      [
        pending ?? '',
        { kind: 'PICTURE', issued: true, status: 'PENDING', stored: false, objectKey: pending },
        /not been made yet/,
        /no such object.*makes now/,
        /Open it/,
      ],
      [
        failed ?? '',
        { kind: 'PICTURE', issued: true, status: 'FAILED', stored: false, failure: { code: 'BLANK' } },
        /BLANK: .*one attempt/,
        /422 BLANK/,
        /view box.*retryItem/,
      ],
      [gone ?? '', { kind: 'PICTURE', issued: true, status: 'GONE' }, /taken down/, /410/, /restore/],
      [
        forged,
        { kind: 'PICTURE', issued: false, objectKey: null, ...ofItem },
        /aaaaaaaaaaaaaaaa was never issued/,
        /404/,
        /URL_SECRET/,
      ],
      [
        forged.replace('thumbnail', 'poster'),
        { kind: 'PICTURE', issued: false },
        /no preset poster.*never was/,
        /404/,
        /GraphQL/,
      ],
      [
        forged.replace('/made-', '/unmade-'),
        { kind: 'PICTURE', issued: false, itemId: null },
        /no item unmade/,
        /404/,
        /import it/,
      ],
      [
        transformKey,
        { kind: 'TRANSFORM', issued: true, status: 'PENDING', objectKey: transformKey },
        /not been made/,
        /makes now/,
        /Open it/,
      ],
      [
        `/i/${item.uniqueId}.webp?preset=${PRESET}`,
        { kind: 'STABLE_ADDRESS', ...ready },
        /stable address; it leads to/,
        /302/,
        null,
      ],
      [
        `/i/${item.uniqueId}.webp?size=9`,
        { kind: 'STABLE_ADDRESS', issued: false },
        /no parameter "size"/,
        /400/,
        /Correct/,
      ],
      [
        `/f/${family.uniqueId}/card.webp`,
        { kind: 'STABLE_ADDRESS', familyId: family.id, status: 'PENDING' },
        /not been composed/,
        /302/,
        /composed/,
      ],
      [
        `acme/previews/${family.uniqueId}/card.${'a'.repeat(16)}.webp`,
        { kind: 'COMPOSITE', issued: false, familyId: family.id },
        /never issued/,
        /404/,
        /URL_SECRET/,
      ],
      [
        `acme/previews/${family.uniqueId}/poster.webp`,
        { kind: 'COMPOSITE', issued: false },
        /no layout poster/,
        /404/,
        /GraphQL/,
      ],
      [
        item.sourceKey,
        { kind: 'ORIGINAL', issued: false, stored: true, objectKey: item.sourceKey },
        /original of "made".*private/,
        /never served/,
        /Open it/,
      ],
      [
        item.uniqueId,
        { kind: 'ITEM', itemId: item.id, status: 'PENDING' },
        /preview picture of "made"/,
        /makes now/,
        /Open it/,
      ],
      [printGlobalId('Icon', item.id), { kind: 'ITEM', itemId: item.id }, /"made"/, /./, /Open/],
      ['made', { kind: 'ITEM', itemId: item.id }, /"made"/, /./, /Open/],
      ['made.svg', { kind: 'ITEM', itemId: item.id }, /"made"/, /./, /Open/],
      [family.uniqueId, { kind: 'FAMILY', familyId: family.id }, /not been composed/, /./, /Open/],
      [
        printGlobalId('IconSet', item.iconSetId),
        { kind: 'ICON_SET', familyId: family.id },
        /no picture of its own/,
        /./,
        /items/,
      ],
      [
        printGlobalId('Vendor', item.vendorId),
        { kind: 'VENDOR', vendorId: item.vendorId },
        /vendor "acme"/,
        /./,
        /items/,
      ],
      [
        `https://other.example/images/${made}`,
        { kind: 'OTHER_HOST', issued: false, itemId: item.id },
        /other\.example.*Here, the same path.*current/,
        /other\.example/,
        /PUBLIC_IMAGE_URL/,
      ],
      ['https://other.example/', { kind: 'OTHER_HOST', itemId: null }, /none of ours/, /other/, /cdn\.example/],
      ['a \u202e b', { kind: 'UNKNOWN' }, /^"a \\u202e b" is no picture URL/, /404/, /whole URL/],
      ...[
        '',
        'no such slug',
        'nothing-like-it',
        'https://',
        '../../etc/passwd',
        '%00',
        printGlobalId('Backfill', 1),
        'ZZZZZZZZZZZZ',
      ].map(
        (text): Row => [
          text,
          { kind: 'UNKNOWN', issued: false, objectKey: null },
          /is no picture URL/,
          /404/,
          /whole URL/,
        ],
      ),
    ]
    const before = [app.pool.stats.renders, await app.prisma.image.count()]
    for (const [text, fields, sentence, cdn, remedy] of rows) {
      const found = await explained(app, text)
      expect.soft([text, found]).toEqual([
        text,
        expect.objectContaining({
          ...fields,
          sentence: expect.stringMatching(sentence),
          cdn: expect.stringMatching(cdn),
          remedy: remedy === null ? null : expect.stringMatching(remedy),
          ...('failure' in fields ? { failure: expect.objectContaining(fields.failure) } : {}),
        }),
      ])
    }
    expect([app.pool.stats.renders, await app.prisma.image.count()]).toEqual(before)
  })

  it('sees lost objects, removed presets, other secrets, and only what the caller may see', async () => {
    const { app, keyOf, get } = await catalogue()
    const made = await keyOf('made')
    await app.stores.previews.delete([made])
    expect(await explained(app, made)).toMatchObject({
      status: 'READY',
      stored: false,
      cdn: expect.stringContaining('makes again'),
      remedy: expect.stringContaining('lifecycle'),
    })
    expect(await get(made)).toBe(200)

    const { dataDir: DATA_DIR, databaseUrl } = app.config
    const definition = JSON.parse(await readFile(path.join(import.meta.dirname, '../presets.json'), 'utf8'))
    const { thumbnail: _, ...rest } = definition
    rest.watermark.watermark = path.join(import.meta.dirname, '../assets/watermark.svg')
    const file = path.join(await tempDirectory(), 'presets.json')
    rest.preview.formats = ['webp']
    await writeFile(file, JSON.stringify({ ...rest, ladder: [] }))
    const env = { DATA_DIR, DATABASE_URL: databaseUrl ?? '', PUBLIC_IMAGE_URL: CDN }
    const without = await testApp(await testConfig({ ...env, PRESETS_FILE: file }))
    expect(await explained(without, made)).toMatchObject({
      kind: 'PICTURE',
      issued: true,
      stored: true,
      sentence: expect.stringMatching(/thumbnail was removed/),
      cdn: expect.stringMatching(/^The CDN answers 200/),
    })
    expect(await explained(without, made.replace('-thumbnail', '-t_w64'))).toMatchObject({
      issued: false,
      sentence: expect.stringContaining('Transforms are disabled'),
    })

    expect(await explained(without, made.replace(/-thumbnail\..*/, '-preview.png'))).toMatchObject({
      issued: false,
      sentence: expect.stringContaining('not offered as PNG'),
    })

    const rotated = await testApp(await testConfig({ ...env, URL_SECRET: 'another-url-secret' }))
    expect(await explained(rotated, made)).toMatchObject({
      issued: false,
      stored: true,
      sentence: expect.stringMatching(/recorded.*URL_SECRET/),
    })

    const { vendorId } = await itemNamed(app, 'made')
    expect(await explained(app, made, { vendorId })).toMatchObject({ kind: 'PICTURE' })
    expect(await explained(app, made, { vendorId: vendorId + 1 })).toMatchObject({
      kind: 'UNKNOWN',
      itemId: null,
      status: null,
    })
    const { sourceKey } = await itemNamed(app, 'made')
    expect((await explained(app, sourceKey, { showsOriginals: false })).objectKey).toBeNull()
    await expect(explained(app, 'x'.repeat(2001))).rejects.toThrow(/2001 characters/)
  })

  it('treats PRIVATE things as unknown, except to those who may see them', async () => {
    const { app, url, keyOf } = await catalogue()
    const { id, uniqueId, vendorId, familyId, sourceKey } = await itemNamed(app, 'made')
    const key = await keyOf('made')
    const { uniqueId: family } = await app.prisma.family.findFirstOrThrow()
    const texts = [key, uniqueId, printGlobalId('Icon', id), sourceKey, `${CDN}/_private/${key}?until=1&sig=x`]
    await setVisibility(app, { type: 'ITEM', id }, { visibility: 'PRIVATE' })
    for (const text of texts) {
      const nobody = { itemId: null, familyId: null, vendorId: null, objectKey: null, issued: false }
      const hidden = await explained(app, text, { showsPrivate: false })
      expect(hidden).toMatchObject(nobody)
      expect(await explained(app, text, { vendorId: vendorId + 1 })).toMatchObject(nobody)
      // Nothing tells it apart from what does not exist.
      const absent = await explained(app, text.replaceAll('/made', '/nade'), { showsPrivate: false })
      if (text.includes('/made')) expect(hidden).toEqual(JSON.parse(JSON.stringify(absent).replaceAll('nade', 'made')))
    }
    expect(await explained(app, key, { vendorId })).toMatchObject({
      ...{ kind: 'PICTURE', itemId: id, issued: true, status: 'PENDING', objectKey: `_private/${key}`, stored: false },
      sentence: expect.stringContaining('It is PRIVATE'),
      cdn: expect.stringContaining('404 NOT_FOUND, which a CDN keeps for a minute without a signature'),
    })
    const { data } = await ask<{ item: { image: { url: string } } }>(
      url,
      `{ item(uniqueId: "${uniqueId}") { image(preset: "${PRESET}") { url } } }`,
    )
    const { pathname, search } = new URL(data.item.image.url)
    const picture = pathname.slice(pathname.indexOf('_private/'))
    expect((await fetch(`${url}/images/${picture}${search}`)).status).toBe(200)
    expect(await explained(app, data.item.image.url)).toMatchObject({ status: 'READY', stored: true, itemId: id })

    await setVisibility(app, { type: 'FAMILY', id: familyId }, { visibility: 'PRIVATE' })
    expect(await explained(app, family, { showsPrivate: false })).toMatchObject({ kind: 'UNKNOWN', familyId: null })
    expect(await explained(app, family)).toMatchObject({ familyId, sentence: expect.stringContaining('is PRIVATE') })
  })

  it('is a field of GraphQL, without a token', async () => {
    const { url, keyOf } = await catalogue()
    const query = `query($url: String!) { explain(url: $url) { kind issued status objectKey stored cdn sentence remedy failure { code message } item { slug } family { name } } }`
    const { data, errors } = await ask(url, query, {
      variables: { url: `${CDN}/${await keyOf('failed')}` },
      token: null,
    })
    expect(errors).toBeUndefined()
    expect(data).toMatchObject({
      explain: {
        kind: 'PICTURE',
        status: 'FAILED',
        failure: { code: 'BLANK' },
        item: { slug: 'failed' },
        family: { name: 'basics' },
      },
    })
    expect((await ask(url, query, { variables: { url: 'x'.repeat(2001) } })).errors?.[0]?.extensions.code).toBe(
      'BAD_INPUT',
    )
  })
})
