/** Other files that are sent as archives, by their first bytes: https://www.iana.org/assignments/media-types/ has most of them. */
const OTHERS: readonly (readonly [begins: string | RegExp, what: string])[] = [
  ['Rar!', 'a RAR archive'],
  ['7z\xbc\xaf', 'a 7z archive'],
  ['\x1f\x8b', 'compressed by gzip, perhaps a TAR archive'],
  ['BZh', 'compressed by bzip2, perhaps a TAR archive'],
  ['\xfd7zXZ', 'compressed by xz, perhaps a TAR archive'],
  ['\x28\xb5\x2f\xfd', 'compressed by Zstandard, perhaps a TAR archive'],
  [/^.{257}ustar/s, 'a TAR archive'],
  ['!<arch>', 'an ar archive'],
  ['MSCF', 'a cabinet of Windows'],
  ['%PDF', 'a PDF document'],
  [/^(?:\xef\xbb\xbf)?\s*<(?:\?xml|svg|!--|!DOCTYPE svg)/i, 'an XML or SVG document'],
  [/^\s*<(?:!doctype html|html|head|body)/i, 'a web page, perhaps the error page of a download'],
  [/^\s*[{[]/, 'a JSON document'],
]

/** How many of a file's first bytes tell what it is. */
export const HEAD_BYTES = 512

/** What is wrong with a file that has no end record of a ZIP archive, and what to do. @param head its first bytes, one character each */
export function describeNotZip(head: string, bytes: number): string {
  if (bytes === 0) return 'The file is empty: pack the archive again.'
  if (head.startsWith('PK\x07\x08') || head.startsWith('PK\x00\x00'))
    return 'The file is the first part of a split archive: join the parts (zip -s 0 in.zip --out whole.zip), or pack it as one file.'
  if (head.startsWith('PK'))
    return 'The archive breaks off, because its end is missing; if it is a part of a split archive, join the parts, else: pack or copy it again.'
  const other = OTHERS.find(([begins]) =>
    typeof begins === 'string' ? head.startsWith(begins) : begins.test(head),
  )?.[1]
  return `The file is ${other ? `${other}, ` : ''}not a ZIP archive: pack the folder with its manifest.json as a ZIP archive.`
}
