import { describe, expect, it } from 'vitest'
import { checkArchive } from '../src/archive/check.ts'
import {
  bytes,
  DOS,
  file,
  folder,
  latin1,
  MACOS,
  manifest,
  manifestOf,
  NAMES,
  renamed,
  UNIX,
  withFiles,
} from './support/packers.ts'
import { buildZip, bytesSource, descriptorOf, type Part, unicodePath } from './support/zip.ts'

/** One file whose name is these bytes, and is this in the manifest. */
const named = (name: string, rawName: Buffer, says: Part['says'] = {}) =>
  buildZip([manifest('manifest.json', [name]), file(rawName, says)])
const taken: readonly (readonly [what: string, archive: () => Buffer, note?: RegExp])[] = [
  [
    'Windows PowerShell: backslashes',
    () => renamed((name) => name.replaceAll('/', '\\'), { madeBy: DOS }),
    /^Made by Windows PowerShell or an old \.NET: \\ in names was read as \/\.$/,
  ],
  [
    '.NET 4.5: folders end with a backslash',
    () => withFiles([folder('arrows\\', { madeBy: DOS, attributes: 0x10 })]),
    /was read as/,
  ],
  [
    'bsdtar: ./ before every name, and for the folder itself',
    () => {
      const parts = [folder('./', { attributes: 0o040755 * 65536 }), folder('./arrows/'), manifest('./manifest.json')]
      return buildZip([...parts, ...NAMES.map((name) => file(`./${name}`))])
    },
  ],
  [
    './ in the manifest',
    () =>
      buildZip([
        manifest(
          'manifest.json',
          NAMES.map((name) => `./${name}`),
        ),
        ...NAMES.map((name) => file(name)),
      ]),
  ],
  [
    '\\ in the manifest, as scripts for Windows write it',
    () =>
      buildZip([
        manifest(
          'manifest.json',
          NAMES.map((name) => `.\\${name.replace('/', '\\')}`),
        ),
        ...NAMES.map((name) => file(name)),
      ]),
  ],
  [
    '7-Zip and zip: files that were read from a pipe',
    () => buildZip([manifest(), ...NAMES.map((name) => file(name, { attributes: 0o010600 * 65536 }))]),
  ],
  ['Dropbox: / for the folder that was packed', () => withFiles([folder('/')])],
  ['Android: zeros in the extra fields of the headers before files', () => withExtra(Buffer.alloc(37))],
  [
    'Google Drive: stored files with data descriptors',
    () =>
      buildZip([
        manifest(),
        ...NAMES.map((name) =>
          file(name, { flags: 8 }, { local: { crc32: 0, packedBytes: 0, bytes: 0 }, after: descriptorOf(bytes) }),
        ),
      ]),
  ],
  ['PHP: an empty part in a path', () => renamed((name) => name.replace('/', '//'))],
  [
    'Windows Explorer: code page 437',
    () => named('grün.svg', latin1('gr\x81n.svg')),
    /1 name is not UTF-8 and was read in code page 437, as "grün.svg"/,
  ],
  ['Windows in Western Europe: code page 850', () => named('øre.svg', latin1('\x9bre.svg')), /code page 850/],
  ['Windows in Poland: code page 852', () => named('źdźbło.svg', latin1('\xabd\xabb\x88o.svg')), /code page 852/],
  [
    'Windows in Russia: code page 866',
    () => named('стрелка.svg', latin1('\xe1\xe2\xe0\xa5\xab\xaa\xa0.svg')),
    /read in ibm866/,
  ],
  [
    'Windows in Japan: Shift_JIS, with a backslash in a letter',
    () => named('表/ソ.svg', latin1('\x95\x5c/\x83\x5c.svg')),
    /read in shift_jis/,
  ],
  ['Windows in Greece: code page 737', () => named('βέλος.svg', latin1('\x99\xe2\xa2\xa6\xaa.svg')), /code page 737/],
  ['Windows in Turkey: code page 857', () => named('ışık.svg', latin1('\x8d\x9f\x8dk.svg')), /code page 857/],
  ['macOS of old: Mac OS Roman', () => named('grün.svg', latin1('gr\x9fn.svg')), /read in macintosh/],
  ['Java in Japan: EUC', () => named('ソート.svg', latin1('\xa5\xbd\xa1\xbc\xa5\xc8.svg')), /read in euc-jp/],
  ['Windows in China: GBK', () => named('箭头.svg', latin1('\xbc\xfd\xcd\xb7.svg')), /read in gb18030/],
  [
    'Info-ZIP: the name in an extra field, and # for its letters',
    () => {
      const rawName = Buffer.from('gr#U00fcn.svg')
      return named('grün.svg', rawName, { extra: unicodePath('grün.svg', rawName), madeBy: UNIX })
    },
  ],
  ['macOS: decomposed letters', () => named('grün.svg', Buffer.from('grün.svg'.normalize('NFD')))],
  ['decomposed letters in the manifest', () => named('grün.svg'.normalize('NFD'), Buffer.from('grün.svg'))],
  ['a colon after one letter or several', () => named('a:hover.svg', Buffer.from('a:hover.svg'))],
  [
    'what file systems, network drives, editors and packers leave behind, whatever it is',
    () =>
      withFiles([
        ...[
          '._manifest.json',
          'arrows/._left.svg',
          'arrows/Icon\r',
          'arrows/.DS_Store',
          '__MACOSX/._arrows',
          'arrows/THUMBS.DB',
          'ehthumbs.db',
          'Desktop.ini',
          'arrows/left.svg:Zone.Identifier',
          '.gitkeep',
          '.gitignore',
          '.git/HEAD',
          '.github/x.yml',
          'arrows/@eaDir/left.svg@SynoEAStream',
          '#recycle/x',
          'arrows/.directory',
          '.Trash-1000/x',
          '.Spotlight-V100/Store-V2/x',
          '.fseventsd/no_log',
          '.Trashes/x',
          '$RECYCLE.BIN/x',
          'System Volume Information/x',
          'arrows/left.svg~',
          'arrows/.left.svg.swp',
          '#left.svg#',
          '.#left.svg',
          '~$notes.docx',
          '.idea/x',
          '.vscode/x',
          '.dropbox',
          '.svn/entries',
          '[Content_Types].xml',
          'META-INF/MANIFEST.MF',
        ].map((name) => file(name)),
        file('.git/hooks', { attributes: 0o120777 * 65536 }),
        file('desktop.ini', { method: 12 }),
        file('.hidden/x'),
      ]),
    /^35 files or folders that systems and programs leave behind were passed over\.$/,
  ],
  ['a folder without a slash, by its attributes', () => withFiles([folder('arrows', { attributes: 0x10 })])],
  ['a folder without a slash, by what is in it', () => withFiles([folder('arrows')])],
  ['a folder with the mode of a file', () => withFiles([folder('arrows/', { attributes: 0o100644 * 65536 })])],
  ['a folder twice', () => withFiles([folder('arrows/'), folder('arrows/')])],
  ['line breaks behind the end', () => Buffer.concat([withFiles([]), Buffer.from('\r\n')]), /^2 bytes behind the end/],
  [
    'bsdtar to a pipe: padded to a block',
    () => Buffer.concat([withFiles([]), Buffer.alloc(8232)]),
    /^8232 bytes behind/,
  ],
  ['zip -s: begins as if it were split', spanMarked],
  [
    'macOS: more than 65,535 files, counted modulo 65,536',
    () => {
      const many = Array.from({ length: 66_000 }, (_, at) => folder(`._${at}`, { madeBy: MACOS }))
      return withFiles(many, { count: (many.length + 3) % 65_536 })
    },
    /^66000 files or folders/,
  ],
  [
    'a manifest in UTF-16, as Windows PowerShell writes text',
    () => {
      const text = Buffer.from(`\u{feff}${manifestOf(NAMES)}`, 'utf16le')
      return buildZip([file('manifest.json', {}, { bytes: text }), ...NAMES.map((name) => file(name))])
    },
  ],
]

const withExtra = (extra: Buffer) =>
  buildZip([manifest(), ...NAMES.map((name) => file(name))].map((part) => ({ ...part, local: { extra } })))

/** Its first file is four bytes later. */
function spanMarked(): Buffer {
  return buildZip([{ ...manifest(), before: Buffer.from('PK00') }, ...NAMES.map((name) => file(name))])
}

describe('an archive of a real program is taken', () => {
  it.each(taken.map(([what, build, note]) => ({ what, build, note })))('$what', async ({ build, note }) => {
    const { problems, archive, notes } = await checkArchive(bytesSource(build()))
    expect(problems).toEqual([])
    for (const { file: name } of archive?.sets[0]?.files ?? []) expect(await archive?.read(name)).toEqual(bytes)
    expect(archive?.sets[0]?.files.length).toBeGreaterThan(0)
    if (note) expect(notes).toContainEqual(expect.stringMatching(note))
    else expect(notes).toEqual([])
  })
})
