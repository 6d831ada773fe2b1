import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import yazl from 'yazl'

const TWEMOJI = path.join(import.meta.dirname, '../../node_modules/@iconify-json/twemoji/icons.json')
const VENDOR = 'northwind'
const PAUSE_MS = 500

/** The archive's sets, by name, each with the drawings whose name has one of these words. */
const SETS: Readonly<Record<string, RegExp>> = {
  Sky: /^(?:cloud|sun-|sun$|full-moon|crescent|rainbow$|umbrella|snowflake|tornado|fog|cyclone|star$|comet|high-voltage|wind-face)/,
  Kitchen: /^(?:bread|cheese|cup|fork|teapot|pretzel|pizza|grapes|melon|lemon|pear|cherries|avocado|carrot|honey-pot)/,
}
/** Drawings as some vendors send them, by slug: nothing is drawn, too much is, and a page that was saved instead of a drawing. */
const BROKEN: Readonly<Record<string, string>> = {
  'hail-at-dawn': svg(''),
  'light-drizzle': svg('<g fill="#58a"><path d=""/></g>'),
  'heavy-rain': svg(copiesOfCopies(8)),
  'polar-night': '<!doctype html><title>404</title><p>There is no such file.</p>',
}

type Ask = <Data>(query: string, variables?: Readonly<Record<string, unknown>>) => Promise<Data>

/**
 * Gives a running demo what a service in use has, for its pictures: a vendor's archives, one with broken drawings and one that was refused,
 * take-downs, tokens, and a webhook. Run once: it adds the same again.
 */
export async function stage({ url, token }: { url: string; token: string }): Promise<void> {
  const ask: Ask = async (query, variables = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = (await response.json()) as { data: never; errors?: unknown }
    if (errors) throw new Error(JSON.stringify(errors))
    return data
  }
  await upload(ask, { name: 'northwind-spring.zip', archive: await packArchive({ isComplete: false }) })
  await upload(ask, { name: 'northwind-spring.zip', archive: await packArchive({ isComplete: true }) })
  await createTokens(ask)
  await takeDown(ask, { search: 'pistol', reason: 'Licence withdrawn by the author, ticket 4127', isRestored: false })
  await takeDown(ask, { search: 'pear', reason: 'Claimed by mistake, ticket 4131', isRestored: true })
  await ask(
    'mutation { createWebhook(url: "https://shop.example.com/hooks/afterimage", types: ["upload.completed", "backfill.completed"]) { secret } }',
  )
}

function svg(body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36">${body}</svg>`
}

/** Ten times as many drops with each level. */
function copiesOfCopies(levels: number): string {
  const group = (level: number) =>
    `<g id="drops-${level}">${`<use href="#drops-${level - 1}" x="1" y="2"/>`.repeat(10)}</g>`
  const groups = Array.from({ length: levels }, (_, at) => group(at + 1)).join('')
  return `<defs><path id="drops-0" stroke="#58a" d="M1 1l-1 2"/>${groups}</defs><use href="#drops-${levels}"/>`
}

/** An archive whose set Sky has some drawings that cannot be rendered; an incomplete one lacks files that its manifest names. */
export async function packArchive({ isComplete }: { isComplete: boolean }): Promise<Buffer> {
  const { icons } = JSON.parse(await readFile(TWEMOJI, 'utf8')) as { icons: Record<string, { body: string }> }
  const zip = new yazl.ZipFile()
  const add = (folder: string, slug: string, source: string, isMissing = false) => {
    const file = `${folder}/${slug}.svg`
    if (!isMissing) zip.addBuffer(Buffer.from(source), file)
    const title = slug.replaceAll('-', ' ')
    return { file, title: title.charAt(0).toUpperCase() + title.slice(1) }
  }
  const sets = Object.entries(SETS).map(([name, pattern], at) => {
    const drawn = Object.entries(icons).filter(([slug]) => pattern.test(slug))
    const files = drawn.map(([slug, { body }], index) => add(name, slug, svg(body), !isComplete && index % 11 === 3))
    const broken = at === 0 ? Object.entries(BROKEN).map(([slug, source]) => add(name, slug, source)) : []
    return { name, kind: 'illustration', files: [...files, ...broken] }
  })
  const license = { title: 'CC BY 4.0', spdx: 'CC-BY-4.0', url: 'https://creativecommons.org/licenses/by/4.0/' }
  const family = { name: 'Northwind Spring', license, author: 'Twitter', attribution: 'Twitter Emoji, CC BY 4.0', sets }
  zip.addBuffer(Buffer.from(JSON.stringify({ vendor: VENDOR, families: [family] })), 'manifest.json')
  zip.end()
  return buffer(zip.outputStream)
}

async function upload(ask: Ask, { name, archive }: { name: string; archive: Buffer }): Promise<void> {
  const { createUpload } = await ask<{
    createUpload: { upload: { id: string }; url: string; headers: { name: string; value: string }[] }
  }>(
    `mutation ($name: String!, $bytes: Float!) {
       createUpload(vendor: "${VENDOR}", fileName: $name, bytes: $bytes) { upload { id } url headers { name value } }
     }`,
    { name, bytes: archive.length },
  )
  const { id } = createUpload.upload
  const headers = createUpload.headers.map((each): [string, string] => [each.name, each.value])
  await fetch(createUpload.url, { method: 'PUT', headers, body: new Uint8Array(archive) })
  await ask('mutation ($id: ID!) { completeUpload(id: $id) { id } }', { id })
  for (;;) {
    const found = await ask<{ upload: { finishedAt: string | null } }>(
      'query ($id: ID!) { upload(id: $id) { finishedAt } }',
      { id },
    )
    if (found.upload.finishedAt) return
    await delay(PAUSE_MS)
  }
}

async function createTokens(ask: Ask): Promise<void> {
  const create =
    'mutation ($name: String!, $scopes: [String!]!, $vendor: String) { createToken(name: $name, scopes: $scopes, vendor: $vendor) { token { id } } }'
  const tokens: readonly [name: string, scopes: readonly string[], vendor: string | null][] = [
    ['The shop', ['catalogue:read'], null],
    ['Nightly backfill', ['backfill:write', 'operations:read'], null],
    ['Northwind', ['upload:write', 'catalogue:read'], VENDOR],
    ['Trial of the importer', ['upload:write'], null],
  ]
  let last = ''
  for (const [name, scopes, vendor] of tokens) {
    const { createToken } = await ask<{ createToken: { token: { id: string } } }>(create, { name, scopes, vendor })
    last = createToken.token.id
  }
  await ask('mutation ($id: ID!) { revokeToken(id: $id) { id } }', { id: last })
}

async function takeDown(
  ask: Ask,
  { search, reason, isRestored }: { search: string; reason: string; isRestored: boolean },
): Promise<void> {
  const { items } = await ask<{ items: { nodes: { uniqueId: string }[] } }>(
    'query ($search: String!) { items(first: 1, search: $search) { nodes { uniqueId } } }',
    { search },
  )
  const id = items.nodes[0]?.uniqueId
  if (!id) throw new Error(`The catalogue has no "${search}": start the service with the demo.`)
  const done = await ask<{ takeDown: { id: string } }>(
    'mutation ($id: ID!, $reason: String!) { takeDown(id: $id, reason: $reason) { id } }',
    { id, reason },
  )
  if (!isRestored) return
  const status = 'query ($id: ID!) { node(id: $id) { ... on TakeDown { status } } }'
  for (;;) {
    const { node } = await ask<{ node: { status: string } }>(status, done.takeDown)
    if (node.status === 'COMPLETED') break
    await delay(PAUSE_MS)
  }
  await ask('mutation ($id: ID!) { restore(id: $id) { id } }', done.takeDown)
}
