/** Names of compression methods, and who packs with them: APPNOTE.TXT 4.4.5. */
const METHODS: ReadonlyMap<number, string> = new Map([
  [1, 'Shrink, of the 1980s'],
  [2, 'Reduce, of the 1980s'],
  [3, 'Reduce, of the 1980s'],
  [4, 'Reduce, of the 1980s'],
  [5, 'Reduce, of the 1980s'],
  [6, 'Implode, of the 1980s'],
  [9, 'Deflate64, the "enhanced" Deflate of 7-Zip, WinZip and, from 2 GB on, Windows Explorer'],
  [10, 'PKWARE Implode'],
  [12, 'BZIP2'],
  [14, 'LZMA'],
  [16, 'IBM z/OS CMPSC'],
  [18, 'IBM TERSE'],
  [19, 'IBM LZ77'],
  [20, 'Zstandard'],
  [93, 'Zstandard'],
  [94, 'MP3'],
  [95, 'XZ'],
  [96, 'a JPEG variant of WinZip'],
  [97, 'WavPack'],
  [98, 'PPMd'],
])

/** A method by its name and number. */
export const describeMethod = (method: number): string => `method ${method} (${METHODS.get(method) ?? 'unknown'})`
