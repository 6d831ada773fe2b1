import { request } from 'node:http'
import { inject } from 'vitest'
import type { ImageFormat } from '../../src/core/variant.ts'
import { variantKeyOf } from '../../src/variants/make.ts'
import { testBuckets } from './s3.ts'
import { importDrawings, listen, readMetrics, testApp, testConfig, testServer } from './setup.ts'

/**
 * The origins of a CDN: a bucket on a real S3 server, and an API that stores pictures there.
 * @param options.env further environment of the API
 */
export async function openOrigins(options: { drawings?: number; env?: Record<string, string> } = {}) {
  let storeFails = false
  // The API's own connection to the bucket, which a test can break while the CDN's keeps working.
  const storeUrl = await listen((incoming, outgoing) => {
    if (storeFails) return outgoing.writeHead(503).end()
    const { method, url, headers } = incoming
    const onward = request(`${inject('s3Url')}${url}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(onward.on('error', () => outgoing.destroy()))
  })
  const env = await testBuckets(storeUrl)
  const app = await testApp(await testConfig({ ...options.env, ...env }))
  const { url } = await testServer(app)
  await importDrawings(app, options.drawings ?? 1)
  return {
    app,
    url,
    bucketUrl: `${inject('s3Url')}/${env.PREVIEWS_BUCKET}`,
    handlerUrl: `${url}/images`,
    /** Makes the API's requests to its stores fail with 503, or work again. */
    failStore: (fails: boolean) => {
      storeFails = fails
    },
    /** The path of a picture of `item-N`. */
    pathOf: async (number = 0, preset = 'preview', format: ImageFormat = 'WEBP') => {
      const item = await app.prisma.item.findFirstOrThrow({ where: { slug: `item-${number}` } })
      return `/${variantKeyOf(app, item, { preset, format })}`
    },
    /** A value from `/metrics`. */
    renders: async () => Number(/^renders_total (\d+)$/m.exec(await readMetrics(url))?.[1]),
  }
}
