import { writeFileSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { readPresets } from '../src/core/presets.ts'
import { openRenderPool } from '../src/render/pool.ts'
import { HOSTILE } from './support/hostile.ts'
import { svg, tempDirectory } from './support/setup.ts'

const { presets } = readPresets(path.join(import.meta.dirname, '../presets.json'))
const VARIANTS = [...presets.values()]
  .filter(({ backfill }) => backfill)
  .map(({ name }) => ({ preset: name, format: 'WEBP' as const }))
const GOOD = Buffer.from(svg('<rect x="4" y="4" width="16" height="16" fill="#f00"/>'))
const renderers = openRenderPool({ presets, size: 2, waitingMax: 1000 })
afterAll(renderers.close)

const outcomeOf = (source: Uint8Array, cpuLimitMs: number) =>
  renderers.render(source, VARIANTS, { cpuLimitMs }).then(
    () => 'RENDERED',
    (error) => error.code,
  )

describe('hostile input', () => {
  it.each(HOSTILE.map((hostile) => [hostile.name, hostile] as const))(
    '%s ends in a code, and the next render works',
    async (_name, { svg: make, expected }) => {
      // Short if the limit is the claim, long if another one is: the machine may be slow.
      const outcome = await outcomeOf(make(), expected.includes('TIMEOUT') ? 3000 : 20_000)
      expect(expected).toContain(outcome)
      expect(await outcomeOf(GOOD, 10_000)).toBe('RENDERED')
    },
  )

  it('shows no pixel of a file of this machine, by whatever address', async () => {
    const directory = await tempDirectory()
    const canary = path.join(directory, 'canary.png')
    writeFileSync(
      canary,
      await sharp({ create: { width: 64, height: 64, channels: 3, background: '#ff00ff' } })
        .png()
        .toBuffer(),
    )
    const addresses = [
      canary,
      `file://${canary}`,
      encodeURI(`file://${canary}`),
      path.relative('/', canary),
      path.relative(process.cwd(), canary),
    ]
    const documents = addresses.flatMap((href) => [
      svg(`<rect width="24" height="24" fill="#0f0"/><image href="${href}" width="24" height="24"/>`),
      svg(`<rect width="24" height="24" fill="#0f0"/><image xlink:href="${href}" width="24" height="24"/>`).replace(
        '<svg',
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink"',
      ),
      svg(
        `<filter id="f"><feImage href="${href}"/></filter><rect width="24" height="24" fill="#0f0"/><rect width="24" height="24" filter="url(#f)"/>`,
      ),
      svg(`<style>rect{fill:url(${href})}</style><rect width="24" height="24" fill="#0f0"/>`),
      `<!DOCTYPE svg [<!ENTITY x SYSTEM "${href}">]>${svg('<text y="20">&x;</text><rect width="24" height="24" fill="#0f0"/>')}`,
    ])
    for (const document of documents) {
      const rendered = await renderers
        .render(Buffer.from(document), [{ preset: 'thumbnail', format: 'PNG' }], { cpuLimitMs: 5000 })
        .catch(({ code }) => code)
      if (typeof rendered === 'string') continue
      const pixels = await sharp(rendered.pictures[0]?.bytes).raw().toBuffer()
      for (let at = 0; at < pixels.length; at += 4) expect([pixels[at], pixels[at + 1]], document).not.toEqual([255, 0])
    }
  })
})

it('a style sheet does not affect the next one', async () => {
  // A brace at the offset where the second sheet ends was once taken for an open block, and parsing never ended.
  const source = svg(
    `<style>${'a{}'.repeat(5)};a{}</style><style>{}}rect{fill:red}</style><rect width="24" height="24"/>`,
  )
  expect(await outcomeOf(Buffer.from(source), 3000)).toBe('RENDERED')
})
