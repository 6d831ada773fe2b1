import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { crc32, deflateRawSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { checkArchive } from '../src/archive/check.ts'
import type { ArchiveLimits } from '../src/archive/limits.ts'
import type { PROBLEMS } from '../src/archive/problems.ts'
import { fileSource, storeSource } from '../src/archive/sources.ts'
import { loadConfig } from '../src/core/config.ts'
import { openFsStore } from '../src/store/fs.ts'
import { openStores } from '../src/store/open.ts'
import { openBrowserCheck } from './support/browser-check.ts'
import { testBuckets } from './support/s3.ts'
import { drawing, tempDirectory } from './support/setup.ts'
import {
  buildZip,
  bytesSource,
  descriptorOf,
  type End,
  type Part,
  packZip,
  unicodePath,
  zip64End,
} from './support/zip.ts'

const svg = (number: number) => Buffer.from(drawing(number))

/** Names in this manifest, in one set. */
const manifestOf = (names: readonly string[]): Buffer =>
  Buffer.from(
    JSON.stringify({
      vendor: 'acme',
      families: [{ name: 'Basics', sets: [{ name: 'All', kind: 'icon', files: names.map((file) => ({ file })) }] }],
    }),
  )

/** A file of the archive; its drawing depends on the length of its name. */
const file = (name: string, more: Partial<Part> = {}): Part => ({ name, bytes: svg(name.length), ...more })

/** An archive with the files, and a manifest that names the SVGs. */
const zip = (parts: readonly Part[], end: End = {}) => {
  const names = parts.flatMap(({ name }) => (typeof name === 'string' && name.endsWith('.svg') ? [name] : []))
  return buildZip([{ name: 'manifest.json', bytes: manifestOf([...new Set(names)]), isDeflated: true }, ...parts], end)
}

/** Files with data descriptors of three sizes, with the flag that announces them. */
const streamed = (name: string, shape: { signed: boolean; wide: boolean }): Part =>
  file(name, {
    says: { flags: 0x808 },
    local: { crc32: 0, packedBytes: 0, bytes: 0 },
    after: descriptorOf(svg(name.length), shape),
  })

const LATIN1 = Buffer.from('d\xe9part.svg', 'latin1')
const u16 = (...values: number[]) => Buffer.from(new Uint16Array(values).buffer)
const zeros = (bytes: number) => Buffer.alloc(bytes)

/** A file that contains the local header and the data of the next one. */
function quoting(): Buffer {
  const inner = buildZip([file('b.svg')])
  const innerBytes = inner.subarray(0, 30 + 5 + svg(5).length)
  const parts = [file('a.svg', { bytes: innerBytes })]
  const first = buildZip([{ name: 'manifest.json', bytes: manifestOf(['a.svg', 'b.svg']) }, ...parts])
  const from = first.indexOf(innerBytes)
  // Its own bytes are inside the first; those that buildZip adds are removed again.
  const whole = buildZip([
    { name: 'manifest.json', bytes: manifestOf(['a.svg', 'b.svg']) },
    ...parts,
    file('b.svg', { central: { from } }),
  ])
  return cutBetween(whole, from + innerBytes.length)
}

/** Removes the last local header with its data, and corrects the directory's offset. */
function cutBetween(bytes: Buffer, from: number): Buffer {
  const directory = bytes.readUInt32LE(bytes.length - 6)
  const cut = Buffer.concat([bytes.subarray(0, from), bytes.subarray(directory)])
  cut.writeUInt32LE(from, cut.length - 6)
  return cut
}

/** Two files of the directory with the same offset. */
const sharing = () => zip([file('a.svg'), file('b.svg', { central: { from: 0 } })])

/** An archive whose newer (zip64) end states this many files. */
function claiming(count: number): Buffer {
  const plain = zip([file('a.svg')])
  const [size, from] = [plain.readUInt32LE(plain.length - 10), plain.readUInt32LE(plain.length - 6)]
  return zip([file('a.svg')], {
    count: 0xffff,
    size: 0xffffffff,
    from: 0xffffffff,
    afterDirectory: zip64End({ count, size, from }),
  })
}

/** Its older end leads to the directory with the files, its newer one to an empty one before it. */
function twoFaced(): Buffer {
  const plain = zip([file('a.svg')])
  const [size, from] = [plain.readUInt32LE(plain.length - 10), plain.readUInt32LE(plain.length - 6)]
  return zip([file('a.svg')], { afterDirectory: zip64End({ count: 0, size: 0, from, to: from + size }) })
}

const changed = (bytes: Buffer, change: (bytes: Buffer) => void): Buffer => {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}

type Row = readonly [what: string, archive: () => Buffer | Promise<Buffer>, codes: readonly (keyof typeof PROBLEMS)[]]

const TAKEN: readonly Row[] = [
  ['packed and stored files', () => zip([file('a.svg', { isDeflated: true }), file('icons/b.svg')]), []],
  [
    "a library's archive",
    () =>
      packZip((packed) => {
        packed.addBuffer(manifestOf(['icons/a.svg', 'b.svg']), 'manifest.json')
        packed.addEmptyDirectory('icons')
        packed.addBuffer(svg(1), 'icons/a.svg')
        packed.addBuffer(svg(2), 'b.svg', { compress: false })
      }),
    [],
  ],
  [
    'data descriptors of a library',
    () =>
      packZip((packed) => {
        packed.addBuffer(manifestOf(['a.svg', 'b.svg']), 'manifest.json')
        packed.addReadStream(Readable.from([svg(1)]), 'a.svg')
        packed.addReadStream(Readable.from([svg(2)]), 'b.svg', { compress: false })
      }),
    [],
  ],
  [
    'data descriptors of every shape',
    () =>
      zip([
        streamed('a.svg', { signed: false, wide: false }),
        streamed('bb.svg', { signed: true, wide: false }),
        streamed('ccc.svg', { signed: false, wide: true }),
        streamed('dddd.svg', { signed: true, wide: true }),
      ]),
    [],
  ],
  [
    'zip64 where none is needed',
    () =>
      packZip(
        (packed) => {
          packed.addBuffer(manifestOf(['a.svg', 'b.svg']), 'manifest.json', { forceZip64Format: true })
          packed.addBuffer(svg(1), 'a.svg', { forceZip64Format: true })
          packed.addReadStream(Readable.from([svg(2)]), 'b.svg', { forceZip64Format: true })
        },
        { forceZip64Format: true },
      ),
    [],
  ],
  [
    'all of it in one folder, with what file managers leave behind',
    () =>
      packZip((packed) => {
        packed.addEmptyDirectory('Basics')
        packed.addBuffer(manifestOf(['a.svg']), 'Basics/manifest.json')
        packed.addBuffer(svg(1), 'Basics/a.svg')
        for (const name of ['__MACOSX/Basics/._a.svg', 'Basics/.DS_Store', 'Basics/Thumbs.db', '.DS_Store'])
          packed.addBuffer(Buffer.from('left behind'), name)
      }),
    [],
  ],
  ['letters of all the world', () => zip([file('größe/链接/a.svg')]), []],
  ['UTF-8 that does not say so, as macOS packs it', () => zip([file('größe/a.svg', { says: { flags: 0 } })]), []],
  ['a name in decomposed letters', () => zip([file('größe/a.svg'.normalize('NFD'))]), []],
  [
    'a name in a code page, and in UTF-8 as an extra field',
    () => {
      const rawName = Buffer.from('gr\xf6\xdfe/a.svg', 'latin1')
      const extra = unicodePath('größe/a.svg', rawName)
      const named = file('größe/a.svg', { says: { flags: 0, name: rawName, extra } })
      return zip([named])
    },
    [],
  ],
  [
    "an archive's comment, and files'",
    () => zip([file('a.svg', { central: { comment: zeros(60_000) } })], { comment: Buffer.from('by acme') }),
    [],
  ],
  [
    'Unix modes of files and folders',
    () =>
      zip([
        file('x/', { bytes: zeros(0), central: { attributes: 0o040755 * 65536 } }),
        file('x/a.svg', { central: { attributes: 0o100644 * 65536 } }),
      ]),
    [],
  ],
  [
    'an empty folder that is packed',
    () => zip([file('x/', { bytes: zeros(0), isDeflated: true }), file('x/a.svg')]),
    [],
  ],
  [
    'drawings that are none: the upload says so later',
    () => zip([file('a.svg', { bytes: Buffer.from('no SVG') }), file('b.svg', { bytes: zeros(0) })]),
    [],
  ],
  [
    'a file of the largest size',
    () => zip([file('a.svg', { bytes: Buffer.alloc(5_000_000, drawing(1).repeat(7)) })]),
    [],
  ],
]

const REFUSED: readonly Row[] = [
  ['nothing', () => zeros(0), ['NOT_ZIP']],
  ['text', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), ['NOT_ZIP']],
  ['zeros', () => zeros(100_000), ['NOT_ZIP']],
  ['truncated', () => zip([file('a.svg')]).subarray(0, -1), ['NOT_ZIP']],
  ['an empty archive', () => buildZip([]), ['NO_MANIFEST']],
  ['no manifest', () => buildZip([file('a.svg')]), ['NO_MANIFEST']],
  [
    'a manifest two folders down',
    () => buildZip([file('x/y/manifest.json', { bytes: manifestOf([]) })]),
    ['NO_MANIFEST'],
  ],
  [
    'a manifest in one of two folders',
    () => buildZip([file('x/manifest.json', { bytes: manifestOf(['a.svg']) }), file('x/a.svg'), file('y/b.svg')]),
    ['NO_MANIFEST'],
  ],
  ['slip', () => zip([file('../../etc/a.svg')]), ['UNSAFE_NAME']],
  ['slip in the middle', () => zip([file('icons/../../a.svg')]), ['UNSAFE_NAME']],
  ['an absolute name', () => zip([file('/etc/a.svg')]), ['UNSAFE_NAME', 'SCHEMA']],
  ['a drive', () => zip([file('C:/a.svg')]), ['UNSAFE_NAME']],
  ['a backslash', () => zip([file('..\\a.svg')]), ['UNSAFE_NAME']],
  ['NUL', () => zip([file('a.php\0.svg')]), ['UNSAFE_NAME', 'SCHEMA', 'BAD_SLUG']],
  ['a line break', () => zip([file('a\n.svg')]), ['UNSAFE_NAME', 'SCHEMA', 'BAD_SLUG']],
  ['a name that is too long', () => zip([file(`${'a/'.repeat(300)}a.svg`)]), ['NAME_TOO_LONG', 'SCHEMA']],
  [
    'a name in a code page that the manifest lacks',
    () => zip([file('a.svg'), { ...file('b.svg'), name: LATIN1, says: { flags: 0 } }]),
    ['UNLISTED'],
  ],
  ['broken UTF-8', () => zip([file('a.svg'), { ...file('b.svg'), name: LATIN1 }]), ['NAME_ENCODING']],
  [
    'two names for one file',
    () => zip([file('a.svg', { says: { extra: unicodePath('b.svg', Buffer.from('a.svg')) } })]),
    ['NAME_ENCODING'],
  ],
  ['a name twice', () => zip([file('a.svg'), file('a.svg', { bytes: svg(9) })]), ['DUPLICATE_NAME']],
  ['names equal but for case', () => zip([file('ä/A.svg'), file('Ä/a.svg')]), ['DUPLICATE_NAME']],
  [
    'names equal but for composition',
    () => zip([file('é/a.svg'), file('é/a.svg'.normalize('NFD'))]),
    ['DUPLICATE_NAME', 'DUPLICATE_FILE', 'DUPLICATE_SLUG'],
  ],
  [
    'a symbolic link',
    () => zip([file('a.svg', { bytes: Buffer.from('/etc/passwd'), central: { attributes: 0o120777 * 65536 } })]),
    ['NOT_A_FILE'],
  ],
  ['a device', () => zip([file('a.svg', { central: { attributes: 0o020666 * 65536 } })]), ['NOT_A_FILE']],
  [
    'a folder named like a file',
    () => zip([file('a.svg', { central: { attributes: 0o040755 * 65536 } })]),
    ['NOT_A_FILE'],
  ],
  ['a folder with bytes', () => zip([file('a.svg'), file('x/')]), ['WRONG_SIZE']],
  ['encryption', () => zip([file('a.svg', { says: { flags: 0x801 } })]), ['ENCRYPTED']],
  ['strong encryption', () => zip([file('a.svg', { says: { flags: 0x841 } })]), ['ENCRYPTED']],
  [
    'encryption that only the local header tells',
    () => zip([file('a.svg', { local: { flags: 0x801 } })]),
    ['LOCAL_HEADER'],
  ],
  ['another compression', () => zip([file('a.svg', { says: { method: 12 } })]), ['UNKNOWN_COMPRESSION']],
  ['patch data', () => zip([file('a.svg', { says: { flags: 0x820 } })]), ['UNKNOWN_COMPRESSION']],
  [
    'a file that is too large',
    () => zip([file('a.svg', { bytes: Buffer.alloc(5_000_001, drawing(1)) })]),
    ['FILE_TOO_LARGE'],
  ],
  [
    'a manifest that is too large',
    () => buildZip([file('manifest.json', { bytes: Buffer.alloc(10_000_001, ' ') })]),
    ['MANIFEST_TOO_LARGE'],
  ],
  ['a bomb', () => zip([file('a.svg', { bytes: zeros(4_900_000), isDeflated: true })]), ['BOMB']],
  [
    'bombs that say they are small',
    () => {
      const bomb = (bytes: number) => ({ isDeflated: true, says: { bytes, crc32: crc32(zeros(bytes)) } })
      const bytes = zeros(20_000_000)
      return zip([file('a.svg', { bytes, ...bomb(900_000) }), file('b.svg', { bytes, ...bomb(60_000) })])
    },
    ['WRONG_SIZE'],
  ],
  [
    'a file said to be larger than it is',
    () => zip([file('a.svg', { isDeflated: true, says: { bytes: 5000 } })]),
    ['WRONG_SIZE'],
  ],
  ['a stored file said to be larger', () => zip([file('a.svg', { says: { bytes: 5000 } })]), ['WRONG_SIZE']],
  [
    'a deflated file with more behind its end',
    () =>
      zip([
        file('a.svg', {
          bytes: svg(5),
          packed: Buffer.concat([deflateRawSync(svg(5)), Buffer.from('more')]),
          says: { method: 8 },
        }),
      ]),
    ['WRONG_SIZE'],
  ],
  [
    'a megabyte that unpacks to nothing',
    () => zip([file('a.svg', { bytes: zeros(0), packed: zeros(1_000_000), says: { method: 8 } })]),
    ['WRONG_SIZE'],
  ],
  ['a bad CRC', () => zip([file('a.svg', { says: { crc32: 1 } })]), ['WRONG_CRC']],
  [
    'a bad CRC of the manifest',
    () => buildZip([file('manifest.json', { bytes: manifestOf([]), says: { crc32: 1 } })]),
    ['WRONG_CRC'],
  ],
  [
    'no deflated data',
    () => zip([file('a.svg', { packed: Buffer.from([7, 7, 7]), says: { method: 8 } })]),
    ['BROKEN_DATA'],
  ],
  [
    'deflated data that breaks off',
    () => zip([file('a.svg', { packed: deflateRawSync(svg(5)).subarray(0, -3), says: { method: 8 } })]),
    ['BROKEN_DATA'],
  ],
  ['overlap by quoting', quoting, ['OVERLAP']],
  ['two files in the same place', sharing, ['OVERLAP', 'STRAY_BYTES']],
  [
    'a file that runs into the directory',
    () => zip([file('a.svg', { says: { packedBytes: 300, bytes: 300 } })]),
    ['OVERLAP'],
  ],
  ['a file behind the end', () => zip([file('a.svg', { central: { from: 1e9 } })]), ['LOCAL_HEADER']],
  ['a program before it', () => Buffer.concat([Buffer.from('#!/bin/sh'), zip([file('a.svg')])]), ['BROKEN_DIRECTORY']],
  [
    'a program before it that is counted in',
    () => buildZip([file('manifest.json', { bytes: manifestOf(['a.svg']), before: zeros(99) }), file('a.svg')]),
    ['STRAY_BYTES'],
  ],
  [
    'a file that the directory does not know',
    () => zip([file('b.svg', { before: buildZip([file('a.svg')]).subarray(0, 35 + svg(5).length) })]),
    ['STRAY_BYTES'],
  ],
  [
    'bytes before the directory',
    () => zip([file('a.svg')], { beforeDirectory: Buffer.from('hidden') }),
    ['STRAY_BYTES'],
  ],
  ['another name in the local header', () => zip([file('a.svg', { local: { name: 'b.svg' } })]), ['LOCAL_HEADER']],
  ['another compression in the local header', () => zip([file('a.svg', { local: { method: 8 } })]), ['LOCAL_HEADER']],
  ['another CRC in the local header', () => zip([file('a.svg', { local: { crc32: 7 } })]), ['LOCAL_HEADER']],
  ['another size in the local header', () => zip([file('a.svg', { local: { bytes: 7 } })]), ['LOCAL_HEADER']],
  [
    'another size in a zip64 field of the local header',
    () =>
      zip([
        file('a.svg', {
          local: { bytes: 0xffffffff, extra: Buffer.concat([u16(1, 8), Buffer.from([9, 0, 0, 0, 0, 0, 0, 0])]) },
        }),
      ]),
    ['LOCAL_HEADER'],
  ],
  [
    'a local header that runs into the directory',
    () => changed(zip([file('a.svg')]), (bytes) => bytes.writeUInt16LE(60_000, bytes.lastIndexOf('PK\x03\x04') + 28)),
    ['LOCAL_HEADER'],
  ],
  ['a data descriptor that is missing', () => zip([file('a.svg', { says: { flags: 0x808 } })]), ['LOCAL_HEADER']],
  [
    'a data descriptor that lies',
    () => zip([file('a.svg', { says: { flags: 0x808 }, after: descriptorOf(svg(6)) })]),
    ['LOCAL_HEADER'],
  ],
  ['a million files claimed', () => claiming(1_000_000), ['TOO_MANY_ENTRIES']],
  ['more files claimed than there are', () => zip([file('a.svg')], { count: 900 }), ['BROKEN_DIRECTORY']],
  ['fewer files claimed than there are', () => zip([file('a.svg'), file('b.svg')], { count: 2 }), ['BROKEN_DIRECTORY']],
  ['a directory elsewhere', () => zip([file('a.svg')], { from: 3 }), ['BROKEN_DIRECTORY']],
  ['a directory behind the end', () => zip([file('a.svg')], { from: 1e9 }), ['BROKEN_DIRECTORY']],
  ['a directory of another size', () => zip([file('a.svg')], { size: 3 }), ['BROKEN_DIRECTORY']],
  [
    'bytes behind the directory',
    () => zip([file('a.svg')], { afterDirectory: Buffer.from('hidden') }),
    ['BROKEN_DIRECTORY'],
  ],
  [
    'an end within the directory',
    () => zip([file('a.svg', { central: { comment: buildZip([]) } })]).subarray(0, -22),
    ['BROKEN_DIRECTORY'],
  ],
  ['two ends that differ', twoFaced, ['BROKEN_DIRECTORY']],
  ['a broken extra field', () => zip([file('a.svg', { central: { extra: u16(7, 900) } })]), ['BROKEN_DIRECTORY']],
  [
    'several disks',
    () => changed(zip([file('a.svg')]), (bytes) => bytes.writeUInt16LE(3, bytes.length - 18)),
    ['NOT_ZIP'],
  ],
  [
    'an archive in an archive',
    () => zip([file('a.svg'), file('more.zip', { bytes: zip([file('b.svg')]) })]),
    ['UNLISTED'],
  ],
  ['a file that the manifest lacks', () => zip([file('a.svg'), file('notes.txt')]), ['UNLISTED']],
  [
    'files that the archive lacks, of which one is there in another case',
    () => buildZip([file('manifest.json', { bytes: manifestOf(['B.svg']) }), file('b.svg')]),
    ['MISSING_FILE'],
  ],
  [
    'a manifest that is not JSON',
    () => buildZip([file('manifest.json', { bytes: Buffer.from('{') }), file('b.svg')]),
    ['NOT_JSON'],
  ],
  [
    'everything at once',
    () =>
      zip([
        file('../a.svg'),
        file('b.svg', { says: { flags: 0x801 } }),
        file('c.svg', { says: { crc32: 1 } }),
        file('d.svg', { local: { name: 'e.svg' } }),
        file('not a slug.svg'),
        file('notes.txt'),
      ]),
    ['UNSAFE_NAME', 'ENCRYPTED', 'WRONG_CRC', 'LOCAL_HEADER', 'BAD_SLUG', 'UNLISTED'],
  ],
]

async function codesOf(archive: Buffer, limits?: Partial<ArchiveLimits>) {
  const { problems, problemCount, archive: taken } = await checkArchive(bytesSource(archive), limits)
  expect(problemCount === 0).toBe(taken !== null)
  for (const { message } of problems) expect(message).toMatch(/^\S.*: .*\.$/s)
  return { codes: [...new Set(problems.map(({ code }) => code))], taken }
}

describe('an archive is accepted', () => {
  it.each(TAKEN)('with %s', async (_what, build, expected) => {
    const { codes, taken } = await codesOf(await build())
    expect(codes).toEqual(expected)
    for (const set of taken?.sets ?? [])
      for (const { file: name } of set.files) expect(await taken?.read(name)).toBeInstanceOf(Buffer)
  })
})

describe('an archive is refused', () => {
  it.each(REFUSED)('%s', async (_what, build, expected) => {
    expect((await codesOf(await build())).codes).toEqual(expected)
  })

  it('in sentences that name the file, the problem and the remedy', async () => {
    const parts = [
      file('a.svg', { bytes: Buffer.from('/etc/passwd'), central: { attributes: 0o120777 * 65536 } }),
      file('../b.svg'),
      file('c.svg', { says: { flags: 0x801, packedBytes: svg(5).length + 12 }, packed: zeros(svg(5).length + 12) }),
    ]
    const { problems } = await checkArchive(bytesSource(zip(parts)))
    expect(problems.map(({ file: name, code, message }) => `${name}: ${code} ${message}`)).toEqual([
      'a.svg: NOT_A_FILE The entry is a symbolic link: pack the file that it leads to (zip without -y), or remove it.',
      '../b.svg: UNSAFE_NAME The name "../b.svg" leads outside of the archive: rename it.',
      'c.svg: ENCRYPTED The file is encrypted: pack it without a password.',
    ])
  })

  it('if it is truncated anywhere', async () => {
    const whole = zip([file('a.svg', { isDeflated: true }), streamed('bb.svg', { signed: true, wide: false })])
    for (let length = 0; length < whole.length; length++) {
      const { problemCount } = await checkArchive(bytesSource(whole.subarray(0, length)))
      expect(problemCount, `${length} bytes`).toBeGreaterThan(0)
    }
  })

  it.each([
    ['archiveBytes', 'ARCHIVE_TOO_LARGE'],
    ['entries', 'TOO_MANY_ENTRIES'],
    ['totalBytes', 'TOTAL_TOO_LARGE'],
    ['entryBytes', 'FILE_TOO_LARGE'],
    ['manifestBytes', 'MANIFEST_TOO_LARGE'],
    ['nameBytes', 'NAME_TOO_LONG'],
  ] as const)('above the limit of %s', async (limit, code) => {
    const archive = zip([file('a.svg'), file('b.svg')])
    expect((await codesOf(archive, { [limit]: 1 })).codes).toContain(code)
  })
})

/** An archive with many small files, and one as large as the read-ahead window. */
function large(count: number): Buffer {
  const parts = Array.from({ length: count }, (_, index) =>
    file(`icons/${index}.svg`, { isDeflated: index % 20 === 0 }),
  )
  const bytes = Buffer.alloc(4_800_000, drawing(1))
  return zip([...parts.slice(0, count / 2), file('large.svg', { bytes }), ...parts.slice(count / 2)])
}

describe('in the browser', () => {
  it('the console finds the same problems, in the same words, and the same content', async () => {
    const { check, close } = await openBrowserCheck()
    onTestFinished(async () => void (await close()))
    for (const [what, build] of [...TAKEN, ...REFUSED]) {
      const bytes = await build()
      const { problems, problemCount, archive } = await checkArchive(bytesSource(bytes))
      const { content, ...found } = await check(bytes)
      expect([what, found]).toEqual([what, { problems, problemCount }])
      expect(content?.sets.map(({ uniqueId, files }) => [uniqueId, files])).toEqual(
        archive?.sets.map(({ iconSet, files }) => [iconSet.uniqueId, files.length]),
      )
    }
  })
})

describe('reading an archive', () => {
  it('takes few reads, each of some megabytes at most, however many files there are', async () => {
    const archive = large(20_000)
    const source = bytesSource(archive)
    const { problems, archive: taken } = await checkArchive(source)
    expect(problems).toEqual([])
    expect(archive.length).toBeGreaterThan(9_000_000)
    const megabytes = () => source.reads.map(({ from, to }) => (to - from) / 1e6)
    expect(Math.max(...megabytes())).toBeLessThan(5)
    expect(source.reads.length).toBeLessThan(12)
    source.reads.length = 0
    for (const { file: name } of taken?.sets[0]?.files ?? []) {
      const bytes = await taken?.read(name)
      if (name !== 'large.svg') expect(bytes?.equals(svg(name.length))).toBe(true)
    }
    expect(source.reads.length).toBeLessThan(8)
  })

  it('returns bytes that stay valid, to many readers at once', async () => {
    const parts = Array.from({ length: 40 }, (_, index) =>
      file(`${index}.svg`, { bytes: Buffer.alloc(300_000, drawing(index)), isDeflated: index % 3 === 0 }),
    )
    const { archive } = await checkArchive(bytesSource(zip(parts)))
    const read = await Promise.all(parts.map(({ name }) => archive?.read(String(name))))
    for (const [index, { bytes }] of parts.entries()) expect(read[index]?.equals(bytes)).toBe(true)
    await archive?.close()
    expect(await archive?.read('7.svg')).toEqual(parts[7]?.bytes)
    await expect(archive?.read('none.svg')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  const opened = [
    [
      'a file',
      async (bytes: Buffer) => {
        const name = path.join(await tempDirectory(), 'archive.zip')
        await writeFile(name, bytes)
        const source = await fileSource(name)
        onTestFinished(source.close)
        return source
      },
    ],
    [
      'a directory as a store',
      async (bytes: Buffer) => {
        const store = await openFsStore(await tempDirectory())
        await store.put('uploads/a.zip', bytes, { contentType: 'application/zip' })
        expect(await storeSource(store, 'uploads/b.zip')).toBeNull()
        return await storeSource(store, 'uploads/a.zip')
      },
    ],
    [
      'an S3 bucket',
      async (bytes: Buffer) => {
        const { originals, close } = await openStores(loadConfig(await testBuckets()))
        onTestFinished(close)
        await originals.put('uploads/a.zip', bytes, { contentType: 'application/zip' })
        return await storeSource(originals, 'uploads/a.zip')
      },
    ],
  ] as const
  it.each(opened)('works on %s', async (_what, open) => {
    const source = await open(
      zip([file('a.svg', { isDeflated: true }), file('b.svg'), file('c.svg', { bytes: zeros(4_500_000) })]),
    )
    const { problems, archive } = source ? await checkArchive(source) : expect.unreachable()
    expect(problems).toEqual([])
    expect(await archive?.read('b.svg')).toEqual(svg(5))
    expect(await archive?.read('a.svg')).toEqual(svg(5))
    expect(await archive?.read('c.svg')).toHaveLength(4_500_000)
  })

  it('throws errors of the store, and for what is not a file', async () => {
    const store = await openFsStore(await tempDirectory())
    const archive = zip([file('a.svg')])
    await store.put('a.zip', archive, { contentType: 'application/zip' })
    const source = await storeSource(store, 'a.zip')
    await store.put('a.zip', archive.subarray(9), { contentType: 'application/zip', replace: true })
    await expect(source ? checkArchive(source) : null).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(fileSource(path.join(await tempDirectory(), 'none'))).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(fileSource(await tempDirectory())).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })
})
