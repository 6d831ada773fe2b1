import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createSecureServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'

/**
 * A CDN's edge as a browser sees it: HTTP/2 with all requests of a page on one connection, each forwarded immediately to the service by
 * HTTP/1.1. `page` is served at `/`.
 */
export async function openHttp2Proxy(options: {
  target: string
  directory: string
  page: () => string
}): Promise<{ url: string; close: () => Promise<void> }> {
  const { target, directory } = options
  const [key, cert] = [path.join(directory, 'key.pem'), path.join(directory, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-days', '1']
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    ...subject,
  ])
  const server = createSecureServer({ key: await readFile(key), cert: await readFile(cert) }, (asked, answer) => {
    if (asked.url === '/') {
      answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      answer.end(options.page())
      return
    }
    const passed = request(`${target}${asked.url}`, { method: asked.method }, (response) => {
      const { connection, 'keep-alive': _, 'transfer-encoding': __, ...headers } = response.headers
      answer.writeHead(response.statusCode ?? 502, headers)
      response.pipe(answer)
    })
    passed.on('error', () => answer.stream.destroy())
    answer.once('close', () => passed.destroy())
    passed.end()
  })
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      // Chromium keeps its connection open.
      for (const session of sessions) session.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
