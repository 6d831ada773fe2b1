import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { type App, openApp } from '../../src/app.ts'
import { type Config, loadConfig } from '../../src/core/config.ts'
import { uniqueIdOf } from '../../src/core/variant.ts'
import { serve } from '../../src/http/server.ts'
import { type Entry, importItems } from '../../src/import/import-items.ts'
import { testDatabase } from './database.ts'
import { programEnv } from './program-env.ts'
import { testRenderers } from './renderers.ts'

/** A directory that is deleted when the test ends. Its name has a space, as users' paths may. */
export async function tempDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'afterimage test '))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

export const ADMIN_TOKEN = 'test-admin-token'

/** The service's configuration in a test: its own directory and database, one renderer. */
export async function testConfig(env: Record<string, string> = {}): Promise<Config> {
  return loadConfig({
    ...programEnv(),
    PORT: '0',
    DATA_DIR: env.DATA_DIR ?? (await tempDirectory()),
    DATABASE_URL: env.DATABASE_URL ?? (await testDatabase()),
    ADMIN_TOKEN,
    URL_SECRET: 'test-url-secret',
    RENDERERS: '1',
    // Other tests need the processor too.
    WORKER_NICENESS: '0',
    // Only what a test requests is made.
    WARM_PAGES: 'off',
    ...env,
  })
}

/** The whole service without its HTTP server, closed when the test ends. */
export async function testApp(options?: Config, overrides: { nameServers?: readonly string[] } = {}): Promise<App> {
  const config = options ?? (await testConfig())
  const pool = testRenderers(config)
  onTestFinished(pool.close)
  const app = await openApp(config, { pool, ...overrides })
  onTestFinished(app.close)
  return app
}

/** An API for the test on a free port. */
export async function testServer(app: App, options: Parameters<typeof serve>[1] = {}) {
  const server = await serve(app, options)
  onTestFinished(server.close)
  return server
}

/** A bare HTTP server on a free port, closed when the test ends. Returns `http://host:port`. */
export async function listen(
  listener: (...args: Parameters<RequestListener>) => unknown,
  onClose: (close: () => void) => void = onTestFinished,
): Promise<string> {
  const server = createServer((request, response) => void listener(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onClose(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export const svg = (body: string, size = 24) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${size} ${size}">${body}</svg>`

/** A drawing that differs for every number. */
export const drawing = (number: number) =>
  svg(
    `<circle cx="12" cy="12" r="${3 + (number % 80) / 10}" fill="#${((number * 2654435761) % 0xffffff).toString(16).padStart(6, '0')}"/>`,
  )

/** A catalogue entry, all in one set unless overridden. */
export function entry(
  slug: string,
  source: string,
  options: { vendor?: string; family?: string; kind?: 'ICON' | 'ILLUSTRATION' } = {},
): Entry {
  const { vendor = 'acme', family = 'basics', kind = 'ICON' } = options
  return {
    from: slug,
    vendor: { username: vendor, name: vendor },
    family: { uniqueId: uniqueIdOf(`${vendor}/${family}`), name: family },
    iconSet: { uniqueId: uniqueIdOf(`${vendor}/${family}/${kind}`), name: family, kind },
    slug,
    name: slug,
    bytes: Buffer.from(source),
  }
}

/** Imports `count` drawings named item-0, item-1, … */
export async function importDrawings(app: App, count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, index) => entry(`item-${index}`, drawing(index)))
  await importItems({ pg: app.pg, originals: app.stores.originals }, entries)
}

/** Sends a GraphQL request over HTTP. @param token null: without one */
export async function ask<T = Record<string, never>>(
  url: string,
  query: string,
  options: { variables?: object; token?: string | null } = {},
): Promise<{ data: T; errors?: { message: string; extensions: { code: string } }[] }> {
  const { variables, token = ADMIN_TOKEN } = options
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  })
  return (await response.json()) as never
}

/** The text of `/metrics`. */
export async function readMetrics(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })).text()
}
