import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readManifest, validateManifest } from '../src/archive/manifest.ts'
import { openProblems } from '../src/archive/problems.ts'
import { ask, drawing, tempDirectory, testApp, testConfig, testServer } from './support/setup.ts'
import { buildZip } from './support/zip.ts'

/** A manifest of one set. */
const withSet = (set: object, family: object = {}) => ({
  vendor: 'acme',
  families: [{ name: 'Basics', sets: [{ name: 'Arrows', kind: 'icon', ...set }], ...family }],
})
const withFiles = (...files: unknown[]) => withSet({ files })
const print = (manifest: unknown) => (typeof manifest === 'string' ? manifest : JSON.stringify(manifest))
const problemsOf = (manifest: unknown) =>
  validateManifest(print(manifest)).kept.map(({ code, pointer }) => `${code} ${pointer}`)

const setsOf = (manifest: unknown) => {
  const problems = openProblems()
  const { sets } = readManifest(Buffer.from(print(manifest)), { folder: 'top/', problems })
  expect(problems.kept).toEqual([])
  return sets
}

const FILES = '/families/0/sets/0/files'

describe('a manifest', () => {
  it('gets defaults for omitted values', () => {
    const [icons, scenes] = setsOf({
      $schema: 'https://example.com/manifest.schema.json',
      vendor: 'acme',
      families: [
        {
          name: ' Basics ',
          sets: [
            { name: 'Arrows', kind: 'icon', files: [{ file: 'a/arrow-left.svg' }], removed: ['up', 'up'] },
            {
              uniqueId: 'SCENES000001',
              name: 'Scenes',
              kind: 'illustration',
              files: [{ file: 'Straße.SVGZ', slug: 'street', title: 'The street', tags: ['city', ' city ', 'road'] }],
            },
          ],
        },
      ],
    })
    expect(icons).toMatchObject({
      vendor: 'acme',
      terms: { licenseTitle: null, attribution: null, author: null },
      family: { name: 'Basics', uniqueId: expect.stringMatching(/^[A-Z2-7]{12}$/) },
      iconSet: { name: 'Arrows', kind: 'ICON', uniqueId: expect.stringMatching(/^[A-Z2-7]{12}$/) },
      files: [{ file: 'top/a/arrow-left.svg', slug: 'arrow-left', title: 'Arrow left', tags: [] }],
      removed: ['up'],
    })
    expect(scenes).toMatchObject({
      family: icons?.family,
      iconSet: { uniqueId: 'SCENES000001', kind: 'ILLUSTRATION' },
      files: [{ file: 'top/Straße.SVGZ', slug: 'street', title: 'The street', tags: ['city', 'road'] }],
      removed: [],
    })
  })

  it('has the same families and sets for the same names, and others for others', () => {
    const idsOf = (set: object, family: object = {}) =>
      setsOf(withSet({ removed: ['a'], ...set }, family)).map(({ family: { uniqueId }, iconSet }) => [
        uniqueId,
        iconSet.uniqueId,
      ])[0] as [string, string]
    const [family, set] = idsOf({})
    expect(idsOf({ files: [{ file: 'b.svg' }] })).toEqual([family, set])
    expect(idsOf({ name: 'Others' })).toEqual([family, expect.not.stringMatching(set)])
    expect(idsOf({ kind: 'illustration' })).toEqual([family, expect.not.stringMatching(set)])
    expect(idsOf({}, { uniqueId: family })).toEqual([family, set])
    expect(idsOf({}, { uniqueId: 'FAMILY000001', name: 'Renamed' })).toEqual([
      'FAMILY000001',
      expect.not.stringMatching(set),
    ])
  })

  it('may have a byte order mark', () => {
    expect(problemsOf(`\ufeff${print(withFiles({ file: 'a.svg' }))}`)).toEqual([])
  })
})

const nested = (depth: number) => `{"vendor":${'['.repeat(depth)}${']'.repeat(depth)}}`

const WRONG: readonly (readonly [what: string, manifest: unknown, problems: readonly string[]])[] = [
  ['nothing', '', ['NOT_JSON ']],
  ['text that breaks off', '{"vendor": "ac', ['NOT_JSON ']],
  ['a broken escape in a key', '{"\\uZZZZ": 1}', ['NOT_JSON ']],
  ['an array', [], ['SCHEMA ']],
  ['null', 'null', ['SCHEMA ']],
  ['an empty object', {}, ['SCHEMA ']],
  ['no families', { vendor: 'acme', families: [] }, ['SCHEMA /families']],
  ['a vendor with a slash', { ...withFiles({ file: 'a.svg' }), vendor: 'a/b' }, ['SCHEMA /vendor']],
  ['an unknown key', { ...withFiles({ file: 'a.svg' }), 'a/b~c': 1 }, ['SCHEMA /a~1b~0c']],
  ['a set without a name', withSet({ name: undefined, removed: ['a'] }), ['SCHEMA /families/0/sets/0']],
  ['another kind', withSet({ kind: 'icons', removed: ['a'] }), ['SCHEMA /families/0/sets/0/kind']],
  ['a unique id of 11', withSet({ uniqueId: 'ABCDEFGHIJK', removed: ['a'] }), ['SCHEMA /families/0/sets/0/uniqueId']],
  ['a name of spaces', withSet({ removed: ['a'] }, { name: ' ' }), ['SCHEMA /families/0/name']],
  ['a title of two lines', withFiles({ file: 'a.svg', title: 'a\nb' }), [`SCHEMA ${FILES}/0/title`]],
  ['half of a surrogate pair', withFiles({ file: 'a.svg', title: 'a\ud800' }), [`SCHEMA ${FILES}/0/title`]],
  ['a file that is no object', withFiles('a.svg', 7, null), [0, 1, 2].map((index) => `SCHEMA ${FILES}/${index}`)],
  ['a file of another type', withFiles({ file: 'a.png' }), [`SCHEMA ${FILES}/0/file`, `BAD_SLUG ${FILES}/0/file`]],
  ['a tag that is none', withFiles({ file: 'a.svg', tags: ['a', 7] }), [`SCHEMA ${FILES}/0/tags/1`]],
  [
    'a licence without a title',
    withSet({ removed: ['a'] }, { license: { spdx: 'MIT' } }),
    ['SCHEMA /families/0/license'],
  ],
  [
    'a licence at no web address',
    withSet({ removed: ['a'] }, { license: { title: 'MIT', url: 'javascript:alert(1)' } }),
    ['SCHEMA /families/0/license/url'],
  ],
  ['too many aliases', withFiles({ file: 'a.svg', aliases: Array(51).fill('a') }), [`SCHEMA ${FILES}/0/aliases`]],
  ['too many tags', withFiles({ file: 'a.svg', tags: Array(51).fill('a') }), [`SCHEMA ${FILES}/0/tags`]],
  ['a removed slug with a slash', withSet({ removed: ['a/b'] }), ['SCHEMA /families/0/sets/0/removed/0']],
  ['a slug with a slash', withFiles({ file: 'a.svg', slug: 'a/b' }), [`SCHEMA ${FILES}/0/slug`]],
  ['a name that cannot be a slug', withFiles({ file: 'x/Größe 1.svg' }), [`BAD_SLUG ${FILES}/0/file`]],
  ['a file twice', withFiles({ file: 'a.svg' }, { file: 'a.svg', slug: 'b' }), [`DUPLICATE_FILE ${FILES}/1/file`]],
  ['a slug twice', withFiles({ file: 'x/a.svg' }, { file: 'y/a.svgz' }), [`DUPLICATE_SLUG ${FILES}/1`]],
  [
    'a slug that is removed and kept',
    withSet({ files: [{ file: 'a.svg' }], removed: ['b', 'a'] }),
    ['REMOVED_AND_KEPT /families/0/sets/0/removed/1'],
  ],
  ['an empty set', withSet({}), ['EMPTY_SET /families/0/sets/0']],
  [
    'a set and a family twice',
    { vendor: 'acme', families: [0, 1].map(() => withSet({ removed: ['a'] }).families[0]) },
    ['DUPLICATE_FAMILY /families/1', 'DUPLICATE_SET /families/1/sets/0'],
  ],
  [
    'a set twice by its unique id',
    withSet(
      {},
      {
        sets: ['icon', 'illustration'].map((kind) => ({ uniqueId: 'SET000000001', name: kind, kind, removed: ['a'] })),
      },
    ),
    ['DUPLICATE_SET /families/0/sets/1'],
  ],
  [
    'a key twice, in two spellings',
    print(withFiles({ file: 'a.svg' })).replace('"file":', '"\\u0066ile":"b.svg","file":'),
    [`DUPLICATE_KEY ${FILES}/0/file`],
  ],
  [
    '__proto__ and constructor',
    '{"__proto__":{"vendor":"acme"},"constructor":1,"families":[]}',
    ['SCHEMA ', 'SCHEMA /__proto__', 'SCHEMA /constructor', 'SCHEMA /families'],
  ],
  ['33 levels', nested(32), ['MANIFEST_TOO_LARGE ']],
  ['five million levels', nested(5_000_000), ['MANIFEST_TOO_LARGE ']],
  ['five million values', `[${'0,'.repeat(5_000_000)}0]`, ['MANIFEST_TOO_LARGE ']],
  ['more keys than any object has', Object.fromEntries(Array.from({ length: 33 }, (_, key) => [key, 0])), ['SCHEMA ']],
  [
    'everything at once',
    withFiles({ file: 'a b.svg' }, { file: 7 }, { file: 'c.svg', tilte: 'C' }),
    [`SCHEMA ${FILES}/1/file`, `SCHEMA ${FILES}/2/tilte`, `BAD_SLUG ${FILES}/0/file`],
  ],
]

describe('a manifest is refused', () => {
  it.each(WRONG)('for %s', (_what, manifest, expected) => {
    expect(problemsOf(manifest)).toEqual(expected)
  })

  it('in sentences with the problem and the remedy', () => {
    const { kept } = validateManifest(print({ vendor: 'a b', famlies: [], families: [{ name: 'Basics' }] }))
    expect(kept.map(({ message }) => message)).toEqual([
      'The key "famlies" is not known here: remove it, or rename it to one of vendor, families.',
      '"a b" is not allowed here: use your username: 1 to 64 of A-Z, a-z, 0-9, _ and -, beginning with a letter or digit.',
      '"sets" is missing here: add an array of 1 to 1,000 sets.',
    ])
  })

  it('with the first thousand problems, and the count of all', () => {
    const { kept, count } = validateManifest(print(withFiles(...Array(60_000).fill({ file: 7, x: 1, y: 2 }))))
    expect([kept.length, count()]).toEqual([1000, 180_000])
  })

  it('with short pointers, whatever its keys', () => {
    const long = 'k'.repeat(1_000_000)
    const { kept, count } = validateManifest(`{"${long}":{${'"a":0,'.repeat(400_000)}"a":0},"${long}":0}`)
    expect(count()).toBe(400_001 + 2)
    for (const { pointer } of kept) expect(pointer?.length).toBeLessThan(200)
    expect(kept[0]?.pointer).toBe(`/${'k'.repeat(100)}…/a`)
  })

  it('exactly where the published schema refuses it', () => {
    const file = path.join(import.meta.dirname, '../docs/manifest.schema.json')
    const published = new Ajv2020({ allErrors: false }).compile(JSON.parse(readFileSync(file, 'utf8')))
    const loose = fc.oneof(
      fc.constantFrom('a', '', 'icon', 'ABCDEFGHIJKL', 'a.svg', ' ', 'ä\n'),
      fc.integer(),
      fc.constant(null),
    )
    const recordOf = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] })
    const listOf = (element: fc.Arbitrary<unknown>) =>
      fc.oneof({ weight: 9, arbitrary: fc.array(element, { maxLength: 3 }) }, loose)
    const texts = { uniqueId: fc.oneof(fc.constant('ABCDEFGHIJKL'), loose), name: fc.oneof(fc.constant('Name'), loose) }
    const entry = recordOf({
      file: fc.oneof(fc.constantFrom('a.svg', 'b/c.SVGZ'), loose),
      title: loose,
      tags: listOf(loose),
    })
    const set = recordOf({
      ...texts,
      kind: fc.constantFrom('icon', 'illustration', 'x'),
      files: listOf(entry),
      removed: listOf(loose),
    })
    const family = recordOf({ ...texts, sets: listOf(set) })
    const manifest = recordOf({ vendor: fc.oneof(fc.constant('acme'), loose), families: listOf(family), more: loose })
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: manifest }, fc.jsonValue()), (document) => {
        const isRefused = validateManifest(JSON.stringify(document)).kept.some(({ code }) => code === 'SCHEMA')
        expect(isRefused).toBe(!published(JSON.parse(JSON.stringify(document))))
      }),
      { numRuns: 500 },
    )
  })

  it('never by an exception, whatever its bytes', () => {
    const text = print(withSet({ files: [{ file: 'a.svg', tags: ['a'] }], removed: ['b'] }))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(text.length - 1), fc.nat(255)), { maxLength: 4 }), (flips) => {
        const bytes = Buffer.from(text)
        for (const [at, byte] of flips) bytes[at] = byte
        const problems = openProblems()
        const { vendor } = readManifest(bytes, { folder: '', problems })
        expect(vendor === null).toBe(problems.count() > 0)
      }),
      { numRuns: 500 },
    )
  })
})

describe('validateManifest', () => {
  it('is available in GraphQL, without a token, twice in a query', async () => {
    const { url } = await testServer(await testApp(await testConfig()))
    const query = `query ($manifest: String!) {
      validateManifest(manifest: $manifest) { valid problemCount problems { code file pointer message } } }`
    const check = async (manifest: unknown) =>
      (await ask<{ validateManifest: object }>(url, query, { variables: { manifest: print(manifest) }, token: null }))
        .data.validateManifest
    expect(await check(withFiles({ file: 'a.svg' }))).toEqual({ valid: true, problemCount: 0, problems: [] })
    expect(await check(withFiles({ file: 'a b.svg' }))).toMatchObject({
      valid: false,
      problemCount: 1,
      problems: [{ code: 'BAD_SLUG', file: 'manifest.json', pointer: `${FILES}/0/file` }],
    })
    const many = Array.from({ length: 3 }, (_, index) => `m${index}: validateManifest(manifest: "") { valid }`)
    expect((await ask(url, `{ ${many.join(' ')} }`, { token: null })).errors?.[0]?.extensions.code).toBe('BAD_INPUT')
  })
})

describe('npm run ingest', () => {
  const run = promisify(execFile)
  const ingest = async (...args: string[]) => {
    const file = path.join(import.meta.dirname, '../src/bin/afterimage.ts')
    return await run(process.execPath, [file, 'ingest', ...args]).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      ({ code, stdout, stderr }) => ({ code: code as number, stdout: stdout as string, stderr: stderr as string }),
    )
  }

  it("prints an archive's contents, or all of its problems, and writes nothing", async () => {
    const directory = await tempDirectory()
    const manifest = print(withFiles({ file: 'a.svg' }, { file: 'b c.svg' }))
    const [good, bad] = ['good.zip', 'bad.zip'].map((name) => path.join(directory, name)) as [string, string]
    const parts = [
      { name: 'manifest.json', bytes: Buffer.from(manifest) },
      { name: 'a.svg', bytes: Buffer.from(drawing(1)) },
    ]
    writeFileSync(
      good,
      buildZip([{ ...parts[0], bytes: Buffer.from(print(withFiles({ file: 'a.svg' }))) }, parts[1]] as never),
    )
    writeFileSync(bad, buildZip(parts))
    const [taken, refused, without] = await Promise.all([ingest('--dry-run', good), ingest('--dry-run', bad), ingest()])
    expect(taken).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/1 family, 1 set, 1 file, 0 removed of acme/),
    })
    expect(refused.code).toBe(1)
    expect(refused.stdout.split('\n')).toEqual([
      `manifest.json ${FILES}/1/file: BAD_SLUG "b c" cannot be a slug, which is 1 to 128 of A-Z, a-z, 0-9, _ and -, beginning with a letter or digit: rename the file or add "slug".`,
      `manifest.json ${FILES}/1/file: MISSING_FILE "b c.svg" is not in the archive: add it or remove this entry.`,
      `${bad} cannot be ingested: 2 problems`,
      '',
    ])
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining("missing required argument 'archive'") })
  })
})
