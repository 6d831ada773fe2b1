import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { importItems } from '../src/import/import-items.ts'
import { takeDown } from '../src/takedown/take-down.ts'
import { ask, entry, svg, testApp, testConfig, testServer } from './support/setup.ts'

const LINE = svg('<path d="M4 12h16M12 4v16" stroke="currentColor" stroke-width="2" fill="none"/>')
const FLAT = svg('<path fill="#00f" d="M0 0h24v12H0z"/><path fill="#fc0" d="M0 12h24v12H0z"/>')
/** Shades in two directions, as emoji have them. */
const SHADED = svg(
  '<defs><radialGradient id="g"><stop stop-color="#f0f"/><stop offset="1" stop-color="#0ff"/></radialGradient><linearGradient id="h" x2="1" y2="1"><stop stop-color="#fc0"/><stop offset="1" stop-color="#c00"/></linearGradient></defs><path fill="url(#h)" d="M0 0h24v24H0z"/><circle cx="12" cy="12" r="9" fill="url(#g)"/><path fill="url(#h)" d="M7 7l9 3-3 8z"/>',
)
/** A band of shades, which WebP writes in some bytes. */
const BAND = svg(
  '<defs><linearGradient id="g"><stop stop-color="#f0f"/><stop offset="1" stop-color="#0ff"/></linearGradient></defs><path fill="url(#g)" d="M0 0h24v24H0z"/>',
)
const DATA_URL_MAX = 300

interface Picture {
  src: string
  srcSet: string
  sources: { type: string; srcSet: string }[]
  width: number
  height: number
  alt: string
  background: string | null
  placeholder: { dataUrl: string; dominantColor: string; thumbHash: string } | null
  stableUrl: string
}
const FIELDS =
  'src srcSet sources { type srcSet } width height alt background placeholder { dataUrl dominantColor thumbHash } stableUrl'

async function open() {
  const app = await testApp()
  const { url } = await testServer(app)
  await importItems({ pg: app.pg, originals: app.stores.originals }, [
    entry('line', LINE),
    entry('flat', FLAT),
    entry('shaded', SHADED),
    entry('band', BAND),
    entry('broken', '<svg xmlns="http://www.w3.org/2000/svg"><g>'),
  ])
  const askItem = async <T>(slug: string, fields: string) => {
    const { uniqueId } = await app.prisma.item.findFirstOrThrow({ where: { slug } })
    const { data, errors } = await ask<{ item: T }>(url, `{ item(uniqueId: "${uniqueId}") { ${fields} } }`)
    return { item: data?.item, errors }
  }
  const picture = async (slug: string, args = '') => {
    const { item } = await askItem<{ picture: Picture | null }>(slug, `picture${args && `(${args})`} { ${FIELDS} }`)
    return item.picture
  }
  return { app, url, askItem, picture }
}

const entriesOf = (srcSet: string) => srcSet.split(', ').map((each) => each.split(' ') as [url: string, width: string])

async function pixelsOf(dataUrl: string) {
  const bytes = Buffer.from(dataUrl.slice(dataUrl.indexOf(',') + 1), 'base64')
  const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 4, (y * info.width + x) * 4 + 4)]
  return { corner: at(0, 0), centre: at(info.width >> 1, info.height >> 1) }
}

describe('a picture', () => {
  it('has all that <picture> takes, and each URL in it gives a picture of its width', async () => {
    const { picture } = await open()
    const found = await picture('line', 'widths: [60, 64, 500, 9000], theme: DARK, color: "#00ff00"')
    if (!found) throw new Error('no picture')
    expect(found).toMatchObject({
      width: 512,
      height: 512,
      alt: 'line',
      background: '#1f1f24',
      sources: [],
      placeholder: null,
    })
    expect(entriesOf(found.srcSet).map(([, width]) => width)).toEqual(['64w', '512w', '1024w'])
    expect(entriesOf(found.srcSet).map(([url]) => url)).toContain(found.src)
    for (const [url, width] of entriesOf(found.srcSet)) {
      const response = await fetch(url)
      expect([url, response.status]).toEqual([url, 200])
      expect(`${(await sharp(Buffer.from(await response.arrayBuffer())).metadata()).width}w`).toBe(width)
    }
    expect(found.stableUrl).toMatch(/\/i\/[A-Z2-7]{12}\.webp\?w=512&theme=dark&color=00ff00$/)
    const stable = await fetch(found.stableUrl, { redirect: 'manual' })
    expect([stable.status, new URL(stable.headers.get('location') ?? '', found.stableUrl).href]).toEqual([
      302,
      found.src,
    ])
  })

  it('offers AVIF for shaded art from 256 px, and never for flat art', async () => {
    const { picture, app } = await open()
    for (const slug of ['line', 'flat', 'shaded', 'band']) await fetch((await picture(slug))?.src ?? '')
    expect((await app.prisma.item.findMany({ where: { suitsAvif: true } })).map(({ slug }) => slug)).toEqual(['shaded'])
    for (const slug of ['line', 'flat', 'band'])
      expect((await picture(slug, 'widths: [512, 1024]'))?.sources).toEqual([])
    expect((await picture('shaded', 'widths: [128, 512]'))?.sources).toEqual([])
    const [source] = (await picture('shaded', 'widths: [512, 1024]'))?.sources ?? []
    expect(source?.type).toBe('image/avif')
    const [[first = ''] = []] = entriesOf(source?.srcSet ?? '')
    const avif = await fetch(first)
    expect([avif.status, avif.headers.get('content-type')]).toEqual([200, 'image/avif'])
    const webp = await fetch((await picture('shaded', 'widths: [512, 1024]'))?.src ?? '')
    expect((await avif.arrayBuffer()).byteLength).toBeLessThan((await webp.arrayBuffer()).byteLength)
  })

  it('shows what a preset shows, where one is named', async () => {
    const { picture, askItem } = await open()
    const marked = await picture('line', 'preset: "watermark"')
    expect(entriesOf(marked?.srcSet ?? '')).toEqual([[marked?.src, '512w']])
    expect(marked?.src).toContain('-watermark.')
    expect(marked?.stableUrl).toMatch(/\?preset=watermark$/)
    const clear = await picture('line', 'preset: "transparent256", widths: [50, 200]')
    expect([clear?.background, entriesOf(clear?.srcSet ?? '').map(([, width]) => width)]).toEqual([
      null,
      ['64w', '256w'],
    ])
    expect((await fetch(clear?.stableUrl ?? '')).headers.get('content-type')).toBe('image/webp')
    for (const args of [
      'preset: "nothing"',
      'preset: "watermark", theme: DARK',
      'widths: []',
      'widths: [0]',
      `widths: [${Array(13).fill(1)}]`,
    ]) {
      const { item, errors } = await askItem<{ picture: null; slug: string }>('line', `slug picture(${args}) { src }`)
      expect([item, errors?.[0]?.extensions.code]).toEqual([{ slug: 'line', picture: null }, 'BAD_INPUT'])
    }
  })

  it('is null for an item that cannot be shown, and the others stay', async () => {
    const { app, url, picture } = await open()
    const broken = await picture('broken')
    expect((await fetch(broken?.src ?? '')).status).toBe(422)
    const { id } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'flat' } })
    await takeDown(app, { type: 'ITEM', id }, 'test')
    const { data, errors } = await ask<{
      items: { nodes: { slug: string; picture: object | null; palette: string[] }[] }
    }>(url, '{ items { nodes { slug picture { src } palette } } }')
    expect(errors).toBeUndefined()
    expect(
      data.items.nodes
        .filter((node) => node.picture)
        .map(({ slug }) => slug)
        .sort(),
    ).toEqual(['band', 'line', 'shaded'])
  })
})

describe('a placeholder', () => {
  it('is at most 300 characters, on the ground and in the ink of its theme, and kept with the item', async () => {
    const { picture, app } = await open()
    for (const slug of ['line', 'flat', 'shaded']) await fetch((await picture(slug))?.src ?? '')
    const renders = app.pool.stats.renders
    for (const theme of ['LIGHT', 'DARK', 'TRANSPARENT'])
      for (const slug of ['line', 'flat', 'shaded'])
        expect((await picture(slug, `theme: ${theme}`))?.placeholder?.dataUrl.length).toBeLessThanOrEqual(DATA_URL_MAX)
    expect(app.pool.stats.renders).toBe(renders)
    const of = async (theme: string) => {
      const placeholder = (await picture('line', `theme: ${theme}`))?.placeholder
      return { ...(await pixelsOf(placeholder?.dataUrl ?? '')), page: placeholder?.dominantColor }
    }
    const [light, dark, clear] = [await of('LIGHT'), await of('DARK'), await of('TRANSPARENT')]
    expect(Math.min(...light.corner)).toBeGreaterThan(240)
    expect(Math.max(...dark.corner.slice(0, 3))).toBeLessThan(50)
    expect(clear.corner[3]).toBe(0)
    expect(light.centre[0]).toBeLessThan(160)
    expect(dark.centre[0]).toBeGreaterThan(120)
    expect(clear.centre[3]).toBeGreaterThan(120)
    // Black line art does not give a black page colour; art that fills its picture gives its own colour.
    expect([light.page, dark.page, clear.page]).toEqual(['#ffffff', '#1f1f24', '#00000000'])
    expect((await picture('flat'))?.placeholder?.dominantColor).toMatch(/^#(0000ff|ffcc00)$/)
  })

  it('comes with palette, shares and isMonochrome, of the present source alone', async () => {
    const { askItem, picture, app } = await open()
    type Colours = { palette: string[]; swatches: { color: string; share: number }[]; isMonochrome: boolean }
    const of = async (slug: string) =>
      (await askItem<Colours>(slug, 'palette swatches { color share } isMonochrome')).item
    expect(await of('flat')).toEqual({ palette: [], swatches: [], isMonochrome: false })
    for (const slug of ['line', 'flat']) await fetch((await picture(slug))?.src ?? '')
    const flat = await of('flat')
    expect([flat.palette.toSorted(), flat.isMonochrome]).toEqual([['#0000ff', '#ffcc00'], false])
    for (const { share } of flat.swatches) expect(share).toBeCloseTo(0.5, 1)
    expect(await of('line')).toEqual({
      palette: ['#000000'],
      swatches: [{ color: '#000000', share: 1 }],
      isMonochrome: true,
    })
    await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('line', FLAT)])
    expect(await of('line')).toEqual({ palette: [], swatches: [], isMonochrome: false })
  })
})

describe('a stable address', () => {
  it('of an item snaps and redirects to the immutable picture, of a family to its preview', async () => {
    const { app, url } = await open()
    const { uniqueId } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'line' } })
    const rows: [string, RegExp][] = [
      [`/i/${uniqueId}.webp`, /line-preview\.[a-z2-7]{16}\.webp$/],
      [`/i/${uniqueId}.webp?w=120`, /line-thumbnail\./],
      [`/i/${uniqueId}.avif?w=90&theme=dark`, /line-t_w96_b1f1f24_cf4f4f6\.[a-z2-7]{16}\.avif$/],
      [`/i/${uniqueId}.png?h=40&w=90&fit=cover&background=auto&color=%23FF0000`, /line-t_w96_h48_cover_auto_cff0000\./],
      [`/i/${uniqueId}.png?w=48&dpr=2&padding=3&background=102030`, /line-t_w96_p6_b102030\./],
      [`/i/${uniqueId}.png?preset=watermark`, /line-watermark\./],
      [`/images/i/${uniqueId}.webp?w=3840`, /line-t_w1024\./],
      [
        `/f/${(await app.prisma.family.findFirstOrThrow()).uniqueId}/card.png`,
        /previews\/[A-Z0-9]{12}\/card\.[a-z2-7]{16}\.png$/,
      ],
    ]
    for (const [path, expected] of rows) {
      const response = await fetch(`${url}${path}`, { redirect: 'manual' })
      const location = new URL(response.headers.get('location') ?? '', `${url}${path}`)
      expect([path, response.status, response.headers.get('cache-control')]).toEqual([path, 302, 'public, max-age=60'])
      expect([location.href.startsWith(`${url}/images/acme/`), location.href]).toEqual([
        true,
        expect.stringMatching(expected),
      ])
      expect(response.headers.get('x-amz-meta-cache-tag')).toMatch(/^vendor-acme,/)
      const picture = await fetch(location)
      expect([path, picture.status, picture.headers.get('cache-control')]).toEqual([
        path,
        200,
        'public, max-age=31536000, immutable',
      ])
    }
    // The one-line loader of next/image.
    const loader = ({ src, width }: { src: string; width: number }) => `${url}/i/${src}.webp?w=${width}`
    expect((await fetch(loader({ src: uniqueId, width: 640 }))).status).toBe(200)
  })

  it('says what is wrong with it', async () => {
    const { app, url } = await open()
    const { uniqueId: id } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'line' } })
    const broken = await app.prisma.item.findFirstOrThrow({ where: { slug: 'broken' } })
    const hidden = await app.prisma.item.findFirstOrThrow({ where: { slug: 'flat' } })
    await takeDown(app, { type: 'ITEM', id: hidden.id }, 'test')
    const family = (await app.prisma.family.findFirstOrThrow()).uniqueId
    const rows: [string, number, RegExp][] = [
      [`/i/${id}.webp?width=256`, 400, /no parameter "width"; the parameters are w, h,/],
      [`/i/${id}.webp?w=0`, 400, /width is 0/],
      [`/i/${id}.webp?w=-1`, 400, /w="-1" is not a number/],
      [`/i/${id}.webp?w=1e3`, 400, /not a number/],
      [`/i/${id}.webp?w=64&w=65`, 400, /given twice/],
      [`/i/${id}.webp?theme=blue`, 400, /not one of light, dark, transparent/],
      [`/i/${id}.webp?color=red`, 400, /color is "red"/],
      [`/i/${id}.webp?w=16&padding=8`, 400, /leaves no room/],
      [`/i/${id}.webp?dpr=9`, 400, /dpr is 9/],
      [`/i/${id}.webp?preset=poster`, 400, /no preset "poster"/],
      [`/i/${id}.webp?preset=preview&w=16`, 400, /combined with other parameters/],
      [`/i/${id}.webp?w=${'1'.repeat(400)}`, 400, /at most 300/],
      [`/i/${id}.gif`, 400, /An item has the address/],
      ['/i/nothing.webp', 400, /An item has the address/],
      [`/i/${id}`, 400, /An item has the address/],
      ['/i/AAAAAAAAAAAA.webp', 404, /no item AAAAAAAAAAAA/],
      ['/f/AAAAAAAAAAAA/card.png', 404, /no family AAAAAAAAAAAA/],
      [`/f/${family}/poster.png`, 404, /no layout poster; the layouts are card/],
      [`/f/${family}/card.gif`, 400, /An item has the address/],
      [`/i/${hidden.uniqueId}.webp?w=64`, 410, /taken down/],
      [`/i/${broken.uniqueId}.webp`, 422, /UNSUPPORTED/],
    ]
    for (const [path, status, sentence] of rows) {
      const response = await fetch(`${url}${path}`, { redirect: 'manual' })
      expect([path, response.status, response.headers.get('cache-control')]).toEqual([
        path,
        status,
        'public, max-age=60',
      ])
      expect([path, await response.text()]).toEqual([path, expect.stringMatching(sentence)])
    }
    expect((await fetch(`${url}/i/${id}.webp`, { method: 'POST' })).status).toBe(405)
    expect((await fetch(`${url}/i/${id}.webp`, { method: 'OPTIONS' })).status).toBe(204)
    const head = await fetch(`${url}/i/${id}.webp?w=64`, { method: 'HEAD', redirect: 'manual' })
    expect([head.status, await head.text()]).toEqual([302, ''])
  })
})

it('a limit on transforms holds for stable addresses too', async () => {
  const app = await testApp(await testConfig({ TRANSFORMS_PER_MINUTE: '1' }))
  const { url } = await testServer(app)
  await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('line', LINE)])
  const { uniqueId } = await app.prisma.item.findFirstOrThrow()
  const statuses = []
  for (const w of [96, 192]) statuses.push((await fetch(`${url}/i/${uniqueId}.webp?w=${w}`)).status)
  expect(statuses).toEqual([200, 429])
})
