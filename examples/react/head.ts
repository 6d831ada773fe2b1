import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { createClient, FamilyDocument, familyImageUrl } from '@afterimage/client'
import type { Plugin } from 'vite'

/** Most crawlers run no JavaScript, so the title and og:image of a page must be in its HTML. */

const TITLE = 'Afterimage with React'

/** The head tags of a page; null for a family that does not exist. */
export async function headOf(service: string, pathname: string): Promise<string | null> {
  const [, uniqueId] = /^\/family\/([A-Z0-9]{12})$/.exec(pathname) ?? []
  if (!uniqueId) return pathname === '/' ? `<title>${TITLE}</title>` : null
  const { family } = await createClient({ url: service }).request(FamilyDocument, { uniqueId, first: 1 })
  if (!family) return null
  const title = `${family.name} by ${family.vendor.name}`
  const tags = [`<title>${escapeHtml(title)}</title>`, meta('og:title', title), meta('og:type', 'website')]
  if (!family.preview) return tags.join('\n')
  const { width, height } = family.preview
  return [
    ...tags,
    meta('og:image', familyImageUrl(service, uniqueId)),
    meta('og:image:width', String(width)),
    meta('og:image:height', String(height)),
    '<meta name="twitter:card" content="summary_large_image">',
  ].join('\n')
}

const meta = (property: string, content: string) => `<meta property="${property}" content="${escapeHtml(content)}">`

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)

/** Serves pages with their own head, in `vite` and `vite preview`, as a server or an edge function does in production. */
export function familyHead(service: string): Plugin {
  type Transform = (url: string, html: string) => Promise<string>
  const answerWith =
    (template: string, transform: Transform = async (_, html) => html) =>
    async (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      if (pathname !== '/' && !/^\/family\/[^/.]+$/.test(pathname)) return next()
      try {
        const head = await headOf(service, pathname)
        const html = (await readFile(template, 'utf8')).replace('<!--head-->', () => head ?? `<title>${TITLE}</title>`)
        response.writeHead(head === null ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' })
        response.end(await transform(pathname, html))
      } catch (error) {
        next(error)
      }
    }
  return {
    name: 'family-head',
    configureServer({ middlewares, config, transformIndexHtml }) {
      const handle = answerWith(path.join(config.root, 'index.html'), transformIndexHtml)
      middlewares.use((...args) => void handle(...args))
    },
    configurePreviewServer({ middlewares, config }) {
      const handle = answerWith(path.resolve(config.root, config.build.outDir, 'index.html'))
      middlewares.use((...args) => void handle(...args))
    },
  }
}
