/** A name's bytes, one character each, as the directory has them, and what else it says about them. */
export interface RawName {
  readonly rawName: string
  /** It says that the bytes are UTF-8. */
  readonly isDeclaredUtf8: boolean
  /** The name in Info-ZIP's extra field for Unicode, if that belongs to these bytes. */
  readonly unicodeName: string | null
}

/**
 * Decodes a name; null if it is not UTF-8, `undefined` if it says that it is, or if it has two. Programs of macOS and old ones of Linux
 * write UTF-8 without declaring it; others add the UTF-8 name as an extra field to one in their machine's code page.
 */
export function decodeName({ rawName, isDeclaredUtf8, unicodeName }: RawName): string | null | undefined {
  const plain = ASCII.test(rawName) ? rawName : decodeUtf8(Buffer.from(rawName, 'latin1'))
  if (unicodeName !== null) return !isDeclaredUtf8 || plain === unicodeName ? unicodeName : undefined
  return plain === null && isDeclaredUtf8 ? undefined : plain
}

const ASCII = /^\p{ASCII}*$/u

/** Whether a name is neither UTF-8 nor said to be. */
export const isInCodePage = (name: RawName): boolean => decodeName(name) === null

/** In NFC; null if the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes).normalize('NFC')
  } catch {
    return null
  }
}
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The path that programs mean by a name, in NFC: folders are separated by /, as in all of them but Windows PowerShell and old .NET, and
 * `./` and empty parts mean nothing. A path that is absolute stays so.
 */
export function toPath(name: string): string {
  const path = name.normalize('NFC').replaceAll('\\', '/')
  if (!/(?:^|\/)\.?(?:\/|$)/.test(path)) return path
  const isAbsolute = path.startsWith('/') && path !== '/'
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  const end = /(?:^|\/)\.?$/.test(path) && parts.length > 0 ? '/' : ''
  return (isAbsolute ? '/' : '') + parts.join('/') + end
}

/** Paths that some file systems and people consider equal. */
export const foldName = (name: string): string => name.toLowerCase().normalize('NFC').replace(/\/$/, '')

/** Why a path is refused, even though nothing is written under it, and what to do about it. */
export function problemOfPath(path: string): { readonly reason: string; readonly remedy: string } | null {
  if (path === '') return { reason: 'is empty', remedy: 'pack the archive again' }
  if (/\p{Cc}/u.test(path)) return { reason: 'contains a control character', remedy: 'rename it' }
  if (/^(?:\/|[A-Za-z]:\/)/.test(path))
    return { reason: 'is absolute', remedy: 'rename it, or pack from inside the folder instead of by its full path' }
  if (path.split('/').includes('..')) return { reason: 'leads outside of the archive', remedy: 'rename it' }
  return null
}

/** Whether the schema of manifests allows a path, but for control characters. */
export const isSvgPath = (path: string): boolean => /^[^/\\].*\.svgz?$/is.test(path)
