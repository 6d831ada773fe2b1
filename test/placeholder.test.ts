import { expect, it } from 'vitest'
import { importItems } from '../src/import/import-items.ts'
import { ask, entry, svg, testApp, testServer } from './support/setup.ts'

interface Answer {
  items: {
    nodes: {
      placeholder: { thumbHash: string; dataUrl: string; dominantColor: string } | null
      image: { url: string; engine: string | null; warnings: string[] }
    }[]
  }
}
const QUERY = '{ items { nodes { placeholder { thumbHash dataUrl dominantColor } image { url engine warnings } } } }'

it('placeholder, engine and warnings come with the first picture, and a new source has new ones', async () => {
  const app = await testApp()
  const { url } = await testServer(app)
  const readItem = async () => (await ask<Answer>(url, QUERY)).data.items.nodes[0]
  const put = (body: string) => importItems({ pg: app.pg, originals: app.stores.originals }, [entry('a', svg(body))])

  await put('<rect width="24" height="24" fill="#00f"/><image href="http://x.example/y.png" width="1" height="1"/>')
  const before = await readItem()
  expect(before).toMatchObject({ placeholder: null, image: { engine: null, warnings: [] } })
  await fetch(before?.image.url ?? '')
  const after = await readItem()
  expect(after).toMatchObject({
    placeholder: { dominantColor: '#0000ff' },
    image: { warnings: ['EXTERNAL_REFERENCE'] },
  })
  expect(after?.placeholder?.dataUrl).toMatch(/^data:image\/png;base64,/)
  expect(['librsvg', 'resvg']).toContain(after?.image.engine)

  await put('<rect width="24" height="24" fill="#f00"/>')
  const changed = await readItem()
  expect(changed).toMatchObject({ placeholder: null })
  await fetch(changed?.image.url ?? '')
  expect(await readItem()).toMatchObject({ placeholder: { dominantColor: '#ff0000' }, image: { warnings: [] } })
})
