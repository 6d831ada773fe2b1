import { AppError } from '../../../core/errors.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Decodes the document's text: by its byte order mark, else by the pattern of its first bytes, else by its XML declaration, else as
 * UTF-8. Unknown labels are ignored. Bytes without a label that are not valid UTF-8 are decoded as windows-1252, the encoding of old
 * programs that omit the declaration. Throws EMPTY.
 */
export function decode(bytes: Uint8Array): string {
  const decoder = decoderOf(labelOf(bytes))
  const text = decoder ? decoder.decode(bytes) : decodeUndeclared(bytes)
  // Space before the XML declaration is a common mistake that a strict parser rejects.
  const trimmed = text.trimStart()
  if (trimmed === '') throw new AppError('EMPTY', 'The file holds only white space.')
  return trimmed
}

function labelOf(bytes: Uint8Array): string | null {
  const [first = 0, second = 0] = bytes
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  if (first === 0xef && second === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (first === 0x3c && second === 0) return 'utf-16le'
  if (first === 0 && second === 0x3c) return 'utf-16be'
  if (first === 0x3c && second !== 0x3f) return null
  const head = String.fromCharCode(...bytes.subarray(0, 200))
  const label = /^\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(head)?.[1]
  // The declaration was readable as ASCII, so the text is not UTF-16, whatever the label says.
  return label === undefined || /^(utf-?16|ucs-?2|iso-10646|unicode)/i.test(label) ? null : label
}

function decoderOf(label: string | null): TextDecoder | null {
  try {
    return label === null ? null : new TextDecoder(label)
  } catch {
    return null
  }
}

function decodeUndeclared(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}
