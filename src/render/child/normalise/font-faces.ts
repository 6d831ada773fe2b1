import { LIMITS } from './limits.ts'
import { readUrl } from './references.ts'
import type { FontFaceRule } from './sheet.ts'
import type { Tree } from './tree.ts'
import { split } from './values.ts'

/**
 * Reads the font faces that are embedded in the document. CorelDRAW's `url("#FontID0")` is ignored, as in browsers; an external address
 * is left out with a warning.
 */
export function readFontFaces(rules: readonly FontFaceRule[], tree: Tree): void {
  for (const { descriptors } of rules.slice(0, LIMITS.fonts)) {
    const family = descriptors.get('font-family')?.replaceAll(/["']/g, '').trim()
    for (const source of split(descriptors.get('src') ?? '', ',')) {
      const url = readUrl(source)
      if (!url || url.address.startsWith('#')) continue
      const bytes = bytesOf(url.address)
      if (bytes === null) tree.warnings.add('EXTERNAL_REFERENCE')
      if (!bytes || !family || bytes.length === 0 || bytes.length > LIMITS.fontBytes) continue
      const weight = descriptors.get('font-weight')?.trim() ?? 'normal'
      const style = descriptors.get('font-style')?.trim() ?? 'normal'
      tree.fontFaces.push({ family, weight, style, src: bytes })
      break
    }
  }
}

/** The content of a data URI; null for any other address. */
export function bytesOf(address: string): Buffer | null {
  const comma = address.indexOf(',')
  if (comma < 0 || !/^data:/i.test(address)) return null
  const isBase64 = /;\s*base64\s*$/i.test(address.slice(0, Math.min(comma, 300)))
  const data = address.slice(comma + 1)
  if (isBase64) return Buffer.from(decodePercent(data), 'base64')
  return Buffer.from(decodePercent(data), 'utf8')
}

function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text.replaceAll(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  }
}
