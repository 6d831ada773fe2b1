import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { hasEtag } from '../core/etag.ts'
import type { Inbox } from '../store/store.ts'

/** Built by scripts/console.ts, with compressed copies. */
const DIST = path.join(import.meta.dirname, '../../console/dist')

/** The first parts of the console's pages, which its own router shows: all of them get index.html. */
const PAGES = /^\/(?:$|(?:catalogue|item|why|backfills|families|layouts|uploads|operations)(?:\/|$))/

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

interface ConsoleFile {
  readonly type: string
  readonly etag: string
  /** By content coding, best first; '' is the file itself. */
  readonly codings: readonly (readonly [string, Buffer])[]
}

/**
 * The console's files. Files below /assets/ have a hash of their content in their names and are cached for good; index.html is
 * revalidated each time. Nothing inline, and nothing of another origin but pictures, is allowed to the page.
 * @param base.imageUrl prefix of image URLs, which is known once the server listens
 * @param inbox of the originals: where the page may send archives to
 * @returns whether the path is one of the console's, and has been answered
 */
export function createConsole(base: { readonly imageUrl: string }, inbox: Inbox) {
  const files = readFiles()

  return function handle(request: IncomingMessage, response: ServerResponse, url: string): boolean {
    const isPage = PAGES.test(url)
    const file = isPage ? files.get('/index.html') : files.get(url)
    if (!isPage && (!file || url === '/index.html')) return false
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const sentence = `METHOD_NOT_ALLOWED: Use GET or HEAD for pages, not ${request.method}.\n`
      response.writeHead(405, { allow: 'GET, HEAD', 'content-type': 'text/plain; charset=utf-8' }).end(sentence)
    } else if (!file) {
      const sentence = 'UNAVAILABLE: The console is not built: run node scripts/setup.mjs. The API is at /graphql.\n'
      response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8' }).end(sentence)
    } else sendFile(request, response, { file, isPage })
    return true
  }

  function sendFile(
    request: IncomingMessage,
    response: ServerResponse,
    { file, isPage }: { file: ConsoleFile; isPage: boolean },
  ): void {
    const accepted = String(request.headers['accept-encoding'] ?? '')
    const [coding, bytes] = file.codings.find(([name]) => !name || accepts(accepted, name)) ?? ['', Buffer.alloc(0)]
    const headers = {
      'cache-control': isPage ? 'no-cache' : 'public, max-age=31536000, immutable',
      etag: file.etag,
      vary: 'Accept-Encoding',
      'x-content-type-options': 'nosniff',
      ...(isPage ? pageHeaders({ ...base, inbox }) : {}),
    }
    const known = request.headers['if-none-match']
    if (known && hasEtag(known, file.etag)) return void response.writeHead(304, headers).end()
    response.writeHead(200, {
      ...headers,
      'content-type': file.type,
      'content-length': bytes.length,
      ...(coding ? { 'content-encoding': coding } : {}),
    })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  }
}

/** What the page may do: run its own files, ask its own origin, send archives to the bucket that takes them, show pictures. */
function pageHeaders({ imageUrl, inbox }: { imageUrl: string; inbox: Inbox }) {
  // Archives are sent to it; originals, and pictures of PRIVATE items, are shown from it.
  const bucket = inbox.kind === 'direct' ? ` ${inbox.origin}` : ''
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    `connect-src 'self'${bucket}`,
    `img-src 'self' data: ${new URL(imageUrl).origin}${bucket}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
  }
}

const accepts = (accepted: string, coding: string) =>
  new RegExp(`\\b${coding}\\b(?!\\s*;\\s*q=0(?:\\.0*)?\\s*(?:,|$))`, 'i').test(accepted)

/** All files, by path; none if the console is not built. About 1 MB. */
function readFiles(): ReadonlyMap<string, ConsoleFile> {
  if (!existsSync(DIST)) return new Map()
  const names = readdirSync(DIST, { recursive: true, encoding: 'utf8' })
  return new Map(
    names.flatMap((name) => {
      const type = TYPES[path.extname(name)]
      if (!type) return []
      const bytes = readFileSync(path.join(DIST, name))
      const compressed = (['br', 'gz'] as const).flatMap((end) => {
        if (!names.includes(`${name}.${end}`)) return []
        return [[end === 'gz' ? 'gzip' : end, readFileSync(path.join(DIST, `${name}.${end}`))] as const]
      })
      // Weak, because compressed and plain bodies share it.
      const etag = `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`
      return [
        [`/${name.replaceAll(path.sep, '/')}`, { type, etag, codings: [...compressed, ['', bytes] as const] }] as const,
      ]
    }),
  )
}
