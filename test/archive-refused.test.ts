import { describe, expect, it } from 'vitest'
import { checkArchive } from '../src/archive/check.ts'
import { DOS, file, folder, latin1, manifest, NAMES, renamed, UNIX, withFiles } from './support/packers.ts'
import { buildZip, bytesSource, type Part } from './support/zip.ts'

/** Each with its only sentence. */
const refused: readonly (readonly [what: string, archive: () => Buffer, code: string, sentence: RegExp])[] = [
  [
    'two folders deep',
    () => renamed((name) => `out/Icons/${name}`),
    'NO_MANIFEST',
    /^The manifest is at "out\/Icons\/manifest\.json", .*: pack what is in "out\/Icons"/,
  ],
  [
    'a manifest with the ending that Windows hides',
    () => renamed((name) => name.replace('.json', '.json.txt')),
    'NO_MANIFEST',
    /^The manifest is called "manifest\.json\.txt": rename it to manifest\.json/,
  ],
  [
    'a manifest in capitals',
    () => renamed((name) => name.replace('manifest', 'Manifest')),
    'NO_MANIFEST',
    /called "Manifest\.json": rename/,
  ],
  ['no files', () => buildZip([folder('arrows/')]), 'NO_MANIFEST', /^The archive has no files: pack/],
  [
    'NUL in a name',
    () => withFiles([file('arrows/\0.svg')]),
    'UNSAFE_NAME',
    /^The name "arrows\/\\u0000\.svg" contains a control character/,
  ],
  [
    'PowerShell outside of the folder',
    () => withFiles([file('..\\a.svg', { madeBy: DOS }), file('..\\b.svg', { madeBy: DOS })]),
    'UNSAFE_NAME',
    /^Each of 2 names, such as "\.\.\/a\.svg", leads outside of the archive: rename it\.$/,
  ],
  [
    'full paths',
    () => renamed((name) => `/home/ann/${name}`),
    'UNSAFE_NAME',
    /^Each of 3 names, such as "\/home\/ann\/manifest\.json", is absolute: .*pack from inside the folder/,
  ],
  ['a drive', () => withFiles([file('C:\\icons\\a.svg')]), 'UNSAFE_NAME', /"C:\/icons\/a\.svg" is absolute/],
  [
    'passwords',
    () => buildZip(allFiles({ flags: 1, madeBy: UNIX, extra: extra(0x7875) })),
    'ENCRYPTED',
    /^Made by zip of Info-ZIP: 3 files are encrypted: pack them without a password\.$/,
  ],
  [
    'AES',
    () => buildZip(allFiles({ flags: 1, method: 99, extra: extra(0x9901) })),
    'ENCRYPTED',
    /^Made by 7-Zip, WinZip or WinRAR: 3 files are encrypted/,
  ],
  [
    'Deflate64',
    () => buildZip(allFiles({ method: 9, madeBy: 63, extra: extra(0x000a) })),
    'UNKNOWN_COMPRESSION',
    /^Made by 7-Zip: 3 files are compressed with method 9 \(Deflate64, .*: pack with Deflate/,
  ],
  ['LZMA', () => buildZip(allFiles({ method: 14 })), 'UNKNOWN_COMPRESSION', /method 14 \(LZMA\)/],
  ['BZIP2', () => buildZip(allFiles({ method: 12 })), 'UNKNOWN_COMPRESSION', /method 12 \(BZIP2\)/],
  ['Zstandard', () => buildZip(allFiles({ method: 93 })), 'UNKNOWN_COMPRESSION', /method 93 \(Zstandard\)/],
  [
    'symbolic links',
    () => withFiles([file('a.svg', { attributes: 0o120777 * 65536 }), file('b.svg', { attributes: 0o120777 * 65536 })]),
    'NOT_A_FILE',
    /^Each of 2 entries, such as "a\.svg", is a symbolic link: pack the file that it leads to/,
  ],
  [
    'names in a code page that fits none in the manifest',
    () =>
      buildZip([
        manifest('manifest.json', ['ωμέγα.svg', 'größe.svg']),
        file(latin1('\xfe\xff.svg')),
        file(latin1('\xff\xfe.svg')),
      ]),
    'NAME_ENCODING',
    /^2 names are neither UTF-8 nor in a code page in which the manifest has them, such as ".*": pack with a program that writes UTF-8/,
  ],
  [
    'a program before it',
    () => Buffer.concat([Buffer.alloc(512, 'MZ'), withFiles([])]),
    'BROKEN_DIRECTORY',
    /512 bytes later than it says, as when a program is put before it \(a self-extracting archive\)/,
  ],
  [
    'a program before it that is counted in',
    () => buildZip([{ ...manifest(), before: Buffer.alloc(512) }, ...NAMES.map((name) => file(name))]),
    'STRAY_BYTES',
    /512 bytes before it belong to no file, as the program of a self-extracting archive/,
  ],
  [
    'the last part of a split archive',
    () => {
      const archive = withFiles([])
      archive.writeUInt16LE(2, archive.length - 18)
      return archive
    },
    'NOT_ZIP',
    /^The file is one part of a split archive: join the parts/,
  ],
  [
    'the first part of a split archive',
    () => Buffer.concat([Buffer.from('PK\x07\x08'), withFiles([]).subarray(0, 300)]),
    'NOT_ZIP',
    /^The file is the first part of a split archive/,
  ],
  [
    'a copy that broke off',
    () => withFiles([]).subarray(0, 300),
    'NOT_ZIP',
    /^The archive breaks off, because its end is missing/,
  ],
  ['an empty file', () => Buffer.alloc(0), 'NOT_ZIP', /^The file is empty/],
  [
    'a RAR archive',
    () => Buffer.from('Rar!\x1a\x07\x01\0'),
    'NOT_ZIP',
    /^The file is a RAR archive, not a ZIP archive: pack/,
  ],
  ['a 7z archive', () => latin1('7z\xbc\xaf\x27\x1c'), 'NOT_ZIP', /^The file is a 7z archive/],
  ['a compressed TAR archive', () => latin1('\x1f\x8b\x08'), 'NOT_ZIP', /compressed by gzip, perhaps a TAR archive/],
  ['a drawing', () => Buffer.from('<svg/>'), 'NOT_ZIP', /is an XML or SVG document/],
  [
    'the page of an error',
    () => Buffer.from('<!doctype html><title>404</title>'),
    'NOT_ZIP',
    /is a web page, perhaps the error page of a download/,
  ],
  [
    'the last volume of 7-Zip',
    () => withFiles([]).subarray(300),
    'BROKEN_DIRECTORY',
    /^The archive's end is 300 bytes earlier than it says, so its beginning is missing: .*join the parts/,
  ],
  ['a volume of 7-Zip between them', () => Buffer.alloc(300, 7), 'NOT_ZIP', /^The file is not a ZIP archive: pack/],
  [
    'without its folders: zip -j',
    () => renamed((name) => name.slice(name.lastIndexOf('/') + 1)),
    'MISSING_FILE',
    /^2 files of the manifest are in the archive in another folder or in other letters, such as "arrows\/left\.svg" as "left\.svg"/,
  ],
  [
    'a manifest that names the folder it is in',
    () =>
      buildZip([
        manifest(
          'Icons/manifest.json',
          NAMES.map((name) => `Icons/${name}`),
        ),
        ...NAMES.map((name) => file(`Icons/${name}`)),
      ]),
    'MISSING_FILE',
    /such as "Icons\/Icons\/arrows\/left\.svg" as "Icons\/arrows\/left\.svg"/,
  ],
  [
    'a manifest in other letters, as Windows does not mind',
    () => renamed((name) => name.replace('arrows', 'Arrows')),
    'MISSING_FILE',
    /^2 files .* such as "arrows\/left\.svg" as "Arrows\/left\.svg"/,
  ],
  [
    'a program that adds to an archive',
    () => withFiles([file('arrows/left.svg')]),
    'DUPLICATE_NAME',
    /^The name "arrows\/left\.svg" is in the archive twice, as when a program adds/,
  ],
  [
    'composed and decomposed letters',
    () => buildZip([manifest('manifest.json', ['ü.svg']), file('ü.svg'), file('ü.svg'.normalize('NFD'))]),
    'DUPLICATE_NAME',
    /twice, with composed and with decomposed letters: remove one/,
  ],
  [
    'headers that all contradict the list',
    () => buildZip([manifest(), ...NAMES.map((name) => file(name, {}, { local: { crc32: 7 } }))]),
    'LOCAL_HEADER',
    /^The header before each of 2 files, such as "arrows\/left\.svg", has another CRC/,
  ],
  [
    'damaged data',
    () =>
      buildZip([
        manifest(),
        file('arrows/left.svg', { method: 8 }, { packed: Buffer.alloc(9, 7) }),
        file('arrows/right.svg'),
      ]),
    'BROKEN_DATA',
    /^The file is damaged and cannot be decompressed: pack or copy it again\.$/,
  ],
]

const allFiles = (says: Part['says']): Part[] =>
  [manifest(), file('arrows/left.svg'), file('arrows/right.svg')].map((part) => ({
    ...part,
    says: { ...part.says, ...says },
  }))

/** An empty extra field. */
const extra = (id: number): Buffer => Buffer.from(new Uint16Array([id, 0]).buffer)

describe('an archive that cannot be taken is refused in one sentence', () => {
  it.each(refused)('%s', async (_what, build, code, sentence) => {
    const { problems } = await checkArchive(bytesSource(build()))
    expect(problems).toEqual([expect.objectContaining({ code, message: expect.stringMatching(sentence) })])
  })
})
