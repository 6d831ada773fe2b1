import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AfterimageError, createClient } from '../packages/client/src/client.ts'
import { FamiliesDocument, FamilyDocument, ItemDocument, ItemsDocument } from '../packages/client/src/documents.ts'
import { createImageLoader, familyImageUrl, imageSrcSet, imageUrl } from '../packages/client/src/image-url.ts'
import type { PictureFields } from '../packages/client/src/operations.ts'
import { Picture } from '../packages/client/src/react.tsx'
import { readPresets } from '../src/core/presets.ts'
import { offeredTransform } from '../src/core/transform-request.ts'
import { parseStablePath, printStableUrl, recipeOfQuery } from '../src/variants/stable-url.ts'
import { importDrawings, testApp, testServer } from './support/setup.ts'

const BASE = 'https://images.example.com'
const ITEM = 'ABCDEFGHIJKL'
const { presets, ladder } = readPresets('presets.json')

const upper = (text: string | undefined) => text?.toUpperCase() as never
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })
const HEX = fc.stringMatching(/^#[0-9a-f]{6}$/)
const options = fc.record({
  format: optional(fc.constantFrom('webp', 'avif', 'png')),
  width: optional(fc.integer({ min: 20, max: 2000 })),
  height: optional(fc.integer({ min: 20, max: 2000 })),
  dpr: optional(fc.constantFrom(1, 1.5, 2)),
  fit: optional(fc.constantFrom('contain', 'cover')),
  padding: optional(fc.integer({ min: 0, max: 4 })),
  background: optional(fc.oneof(HEX, fc.constantFrom('transparent', 'white', 'auto'))),
  color: optional(HEX),
  theme: optional(fc.constantFrom('light', 'dark', 'transparent')),
})

describe('imageUrl', () => {
  it('prints what the service reads as the same picture', () => {
    fc.assert(
      fc.property(options, (given) => {
        const { pathname, search } = new URL(imageUrl(BASE, ITEM, given))
        const { format } = parseStablePath(pathname.slice(1))
        expect(format).toBe(upper(given.format ?? 'webp'))
        const width = given.width ?? (given.height === undefined ? 512 : undefined)
        const transform = offeredTransform(ladder, {
          ...given,
          width,
          fit: upper(given.fit),
          theme: upper(given.theme),
        })
        expect(recipeOfQuery({ presets, ladder }, { text: search, format })).toEqual({ transform })
      }),
    )
  })

  it('prints the address that the service prints, so that a cache has one copy', () => {
    expect(imageUrl(BASE, ITEM, { width: 256, theme: 'dark', color: '#0a7f5a' })).toBe(
      `${BASE}/${printStableUrl(ITEM, 'WEBP', { w: 256, theme: 'DARK', color: '#0a7f5a' })}`,
    )
    expect(imageUrl(`${BASE}/`, ITEM, { preset: 'preview' })).toBe(
      `${BASE}/${printStableUrl(ITEM, 'WEBP', { preset: 'preview' })}`,
    )
  })

  it.each<[string, string, string]>([
    ['no options', imageUrl(BASE, ITEM), `${BASE}/i/${ITEM}.webp`],
    ['a path that it is not', imageUrl(BASE, '../secret'), `${BASE}/i/..%2Fsecret.webp`],
    ['a family', familyImageUrl(BASE, ITEM), `${BASE}/f/${ITEM}/card.png`],
    [
      'a family otherwise',
      familyImageUrl(BASE, ITEM, { layout: 'strip', format: 'webp' }),
      `${BASE}/f/${ITEM}/strip.webp`,
    ],
    ['next/image', createImageLoader(BASE)({ src: ITEM, width: 640, quality: 75 }), `${BASE}/i/${ITEM}.webp?w=640`],
    [
      'next/image, dark',
      createImageLoader(BASE, { theme: 'dark' })({ src: ITEM, width: 64 }),
      `${BASE}/i/${ITEM}.webp?w=64&theme=dark`,
    ],
    [
      'a srcset',
      imageSrcSet(BASE, ITEM, { widths: [64, 128] }),
      `${BASE}/i/${ITEM}.webp?w=64 64w, ${BASE}/i/${ITEM}.webp?w=128 128w`,
    ],
  ])('%s', (_what, printed, expected) => expect(printed).toBe(expected))
})

const picture = (theme: 'light' | 'dark', more: Partial<PictureFields> = {}): PictureFields => ({
  src: `/${theme}.webp`,
  srcSet: `/${theme}.webp 256w`,
  sources: [],
  width: 256,
  height: 128,
  alt: 'A <house>',
  background: theme === 'light' ? '#ffffff' : '#1f1f24',
  placeholder: { dataUrl: 'data:image/webp;base64,AAAA', dominantColor: '#ffffff' },
  stableUrl: `${BASE}/i/${ITEM}.webp?w=256`,
  ...more,
})

describe('<Picture>', () => {
  const render = (props: Parameters<typeof Picture>[0]) => renderToStaticMarkup(createElement(Picture, props))

  it('has its box and its placeholder before its bytes', () => {
    const html = render({ picture: picture('light'), className: 'card' })
    expect(html).toMatch(
      /^<picture><img (?=.*width="256")(?=.*height="128")(?=.*alt="A &lt;house&gt;")(?=.*class="card")/,
    )
    expect(html).toContain('sizes="256px"')
    expect(html).toContain('background-color:#ffffff;background-image:url(&quot;data:image/webp;base64,AAAA&quot;)')
  })

  it('shows the dark one where it is told to, and leaves it to the system with auto', () => {
    const both = { picture: picture('light'), dark: picture('dark') }
    expect(render({ ...both, colorScheme: 'dark' })).toContain('src="/dark.webp"')
    const auto = render({ ...both, colorScheme: 'auto' })
    expect(auto).toContain('<source type="image/webp" srcSet="/dark.webp 256w" media="(prefers-color-scheme: dark)"')
    expect(auto).toMatch(
      /src="\/light\.webp".*light-dark\(#ffffff, #1f1f24\)|light-dark\(#ffffff, #1f1f24\).*src="\/light\.webp"/,
    )
  })

  it('offers the better formats first, and is nothing where nothing can be shown', () => {
    const avif = { type: 'image/avif', srcSet: '/light.avif 256w' }
    expect(render({ picture: picture('light', { sources: [avif] }), sizes: '50vw' })).toContain(
      '<picture><source type="image/avif" srcSet="/light.avif 256w" sizes="50vw"/><img',
    )
    expect(render({ picture: null })).toBe('')
  })
})

it('asks a service for what its pages show', async () => {
  const app = await testApp()
  await importDrawings(app, 3)
  const { url } = await testServer(app)
  const client = createClient({ url: `${url}/` })

  const { items } = await client.request(ItemsDocument, { first: 2, withTotal: true })
  expect(items).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } })
  const rest = await client.request(ItemsDocument, { first: 2, after: items.pageInfo.endCursor })
  expect(rest.items.nodes.map(({ name }) => name)).toEqual(['item-2'])
  expect(rest.items).not.toHaveProperty('totalCount')

  const uniqueId = items.nodes[0]?.uniqueId ?? ''
  const { item } = await client.request(ItemDocument, { uniqueId, widths: [64, 128] })
  expect(item?.dark?.src).toMatch(/^http.*\.webp$/)
  const { family } = await client.request(FamilyDocument, { uniqueId: item?.family.uniqueId ?? '' })
  expect(family?.items.totalCount).toBe(3)
  const { vendors } = await client.request(FamiliesDocument, {})
  expect(vendors.nodes[0]?.families.nodes[0]?.name).toBe('basics')

  // What the service prints as stable, the client prints too, and it leads to the picture.
  expect(item?.light?.stableUrl).toBe(imageUrl(`${url}/images`, uniqueId, { width: 128 }))
  const answer = await fetch(imageUrl(url, uniqueId, { width: 128 }))
  expect([answer.status, answer.url, answer.headers.get('content-type')]).toEqual([200, item?.light?.src, 'image/webp'])

  const refused = client.request(ItemsDocument, { search: 'x'.repeat(101) })
  await expect(refused).rejects.toThrow(AfterimageError)
  await expect(refused).rejects.toMatchObject({ code: 'BAD_INPUT' })
  const lost = createClient({ url: `${url}/nowhere` }).request(FamiliesDocument, {})
  await expect(lost).rejects.toMatchObject({ code: 'NO_ANSWER', status: 404 })
})

it('rejects with the reason of a signal that aborts while the body arrives', async () => {
  const abort = new AbortController()
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{')
    setTimeout(() => abort.abort(new Error('left the page')), 50)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const client = createClient({ url: `http://127.0.0.1:${port}` })
  await expect(client.request(FamiliesDocument, {}, { signal: abort.signal })).rejects.toThrow('left the page')
})
