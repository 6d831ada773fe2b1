import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { App } from '../../src/app.ts'
import { mapConcurrent } from '../../src/core/map-concurrent.ts'
import { variantKeyOf } from '../../src/variants/make.ts'
import { recordResults } from '../../src/variants/record.ts'
import { testDatabase } from '../support/database.ts'
import { NO_PLACEHOLDER } from '../support/placeholders.ts'
import { programEnv } from '../support/program-env.ts'
import { seededRandom } from '../support/random.ts'
import { testBuckets } from '../support/s3.ts'
import { importDrawings, tempDirectory, testApp, testConfig } from '../support/setup.ts'
import { until } from '../support/until.ts'

const COMMAND = path.join(import.meta.dirname, '../../src/bin/afterimage.ts')
/** Stores pictures of all items without rendering them: only their keys and rows matter here. */
async function storePictures(app: App): Promise<Map<number, { key: string; bytes: Buffer }>> {
  const preset = app.presets.get('thumbnail')
  if (!preset) throw new Error('presets.json has no thumbnail')
  const items = await app.prisma.item.findMany()
  const made = items.map((item) => {
    const bytes = Buffer.from(`picture of ${item.uniqueId}`)
    const key = variantKeyOf(app, item, { preset: preset.name, format: 'WEBP' })
    return { item, key, bytes }
  })
  await mapConcurrent(made, 16, ({ key, bytes }) =>
    app.stores.previews.put(key, bytes, { contentType: 'image/webp', keyNamesBytes: true }),
  )
  await recordResults(app.pg, {
    made: made.map(({ item, key, bytes }) => ({
      ...{ itemId: item.id, sourceHash: item.sourceHash, cpuMs: 1, ...NO_PLACEHOLDER },
      images: [
        {
          ...{ itemId: item.id, preset: preset.name, format: 'WEBP', recipeHash: preset.recipeHash },
          ...{ sourceHash: item.sourceHash, objectKey: key, urlSecretId: app.urlSecret.id, width: 1, height: 1 },
          ...{ bytes: bytes.length, md5: createHash('md5').update(bytes).digest('hex'), lossless: true },
          ...{ engine: 'none', warnings: [] },
        },
      ],
    })),
  })
  return new Map(made.map(({ item, key, bytes }) => [item.id, { key, bytes }]))
}

describe('npm run rotate', () => {
  // The tests' S3 server takes some milliseconds for each request.
  const stores = [
    { store: 'directories', items: 3000, kills: 8, open: async () => ({}) },
    { store: 'buckets', items: 1200, kills: 4, open: () => testBuckets() },
  ]
  it.each(stores)(
    'killed $kills times at random moments and interrupted once, it copies every picture exactly once (in $store)',
    async ({ items: count, kills, open }) => {
      const env = { DATA_DIR: await tempDirectory(), DATABASE_URL: await testDatabase(), ...(await open()) }
      const before = await testApp(await testConfig({ ...env, URL_SECRET: 'old' }))
      await importDrawings(before, count)
      const pictures = await storePictures(before)
      const copied = async () =>
        (await before.pg.query('select count(*)::int as count from image where url_secret_id = 2')).rows[0].count
      const start = () => {
        const child: ChildProcess = spawn(process.execPath, [COMMAND, 'rotate', 'url-secret'], {
          env: { ...programEnv(), ...env, URL_SECRETS: 'new,old' },
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        let said = ''
        for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += text))
        const gone = once(child, 'exit').then(([code, signal]) => signal ?? code)
        onTestFinished(() => void child.kill('SIGKILL'))
        return { child, gone, said: () => said }
      }

      const random = seededRandom()
      for (let kill = 1; kill <= kills; kill++) {
        const { child, gone } = start()
        const enough = Math.floor((count * (kill - random())) / (kills + 2))
        await until(async () => child.exitCode !== null || (await copied()) >= enough)
        child.kill('SIGKILL')
        expect(await gone).toBe('SIGKILL')
      }
      const beforeLast = await copied()
      expect(beforeLast).toBeGreaterThan(0)
      expect(beforeLast).toBeLessThan(count)
      const interrupted = start()
      await until(async () => interrupted.child.exitCode !== null || (await copied()) > beforeLast)
      interrupted.child.kill('SIGINT')
      await interrupted.gone
      expect(interrupted.said()).toMatch(/Interrupted after \d+ of \d+: run the same command again|Copied \d+\./)

      const last = start()
      expect(await last.gone, last.said()).toBe(0)
      expect(last.said()).toMatch(/Copied \d+\.\n|Every picture is stored/)
      expect(await copied()).toBe(count)

      const after = await testApp(await testConfig({ ...env, URL_SECRET: '', URL_SECRETS: 'new,old' }))
      const items = await after.prisma.item.findMany()
      const wrong: string[] = []
      await mapConcurrent(items, 16, async (item) => {
        const old = pictures.get(item.id)
        const key = variantKeyOf(after, item, { preset: 'thumbnail', format: 'WEBP' })
        const [bytes, kept] = await Promise.all([
          after.stores.previews.get(key),
          after.stores.previews.get(old?.key ?? ''),
        ])
        if (!old || !bytes?.equals(old.bytes) || !kept?.equals(old.bytes)) wrong.push(key)
      })
      expect(wrong).toEqual([])
      let objects = 0
      for await (const _ of after.stores.previews.list('')) objects++
      expect(objects).toBe(2 * count)
    },
  )
})

describe('two API processes that are restarted one after the other, straight from URL_SECRETS=old to new,old', () => {
  it('answer every URL that either issues, and issue with the new secret once both accept it and each was restarted', async () => {
    const env = { DATA_DIR: await tempDirectory(), DATABASE_URL: await testDatabase() }
    const app = await testApp(await testConfig({ ...env, URL_SECRET: 'old' }))
    await importDrawings(app, 4)
    await app.close()
    const start = async (secrets: string) => {
      const child = spawn(process.execPath, [path.join(import.meta.dirname, '../../src/bin/api.ts')], {
        env: {
          ...{ ...programEnv(), ...env, URL_SECRETS: secrets, PORT: '0', RENDERERS: '1', ADMIN_TOKEN: 'test' },
          ...{ GRAPHQL_POINTS_PER_MINUTE: 'off', REQUESTS_PER_MINUTE: 'off' },
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
      const gone = once(child, 'exit')
      onTestFinished(() => void child.kill('SIGKILL'))
      const url = await until(() => /Afterimage API at (http\S+)\/graphql/.exec(said)?.[1] ?? null)
      const stop = async () => {
        child.kill('SIGTERM')
        await gone
      }
      return { url, said: () => said, stop }
    }
    const apis = [await start('old'), await start('old')] as const
    const live = [...apis]
    const random = seededRandom()
    const any = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)] as T
    const query = encodeURIComponent(
      '{ items { nodes { image(preset: "thumbnail") { url } dark: image(transform: { width: 64, theme: DARK }) { url } } } families { nodes { preview(layout: "strip") { url } } } }',
    )
    const CLOSING = {
      redirect: 'manual',
      headers: { connection: 'close', 'content-type': 'application/json' },
    } as const
    const issuedBy = async (url: string) => {
      const body = await (await fetch(`${url}/graphql?query=${query}`, CLOSING)).text()
      return [...body.matchAll(/"url":"([^"]*)"/g)].map(([, picture = '']) => new URL(picture).pathname)
    }
    const seen = { answers: 0, bad: [] as string[] }
    /** Each hop goes to any API, as with a load balancer; one that is ending refuses connections. */
    async function follow(at: string, hops = 0): Promise<void> {
      const response = await fetch(`${any(live).url}${at}`, CLOSING).catch(() => null)
      if (!response) return await follow(at, hops)
      await response.arrayBuffer().catch(() => null)
      const to = response.headers.get('location')
      if (to && hops < 2) return await follow(new URL(to, `http://localhost${at}`).pathname, hops + 1)
      seen.answers++
      if (response.status !== 200) seen.bad.push(`${at}: ${response.status}`)
    }
    const known = new Set<string>()
    let isRunning = true
    const load = Array.from({ length: 3 }, async () => {
      while (isRunning) {
        for (const each of await issuedBy(any(live).url).catch(() => [])) known.add(each)
        await Promise.all([...known].map((each) => follow(each)))
      }
    })
    const replace = async (index: 0 | 1) => {
      const [leaving] = live.splice(index, 1)
      await leaving?.stop()
      const next = await start('new,old')
      live.splice(index, 0, next)
      const sinceAnswers = seen.answers
      await until(() => seen.answers > sinceAnswers + 300)
      return next
    }
    const oldKeys = new Set(await issuedBy(apis[0].url))
    const isOld = async ({ url }: { url: string }) => (await issuedBy(url)).every((each) => oldKeys.has(each))
    await until(async () => (await issuedBy(apis[0].url)).every((each) => /\.[a-z2-7]{16}\./.test(each)))
    for (const each of await issuedBy(apis[0].url)) oldKeys.add(each)
    const first = await replace(0)
    expect(first.said()).toContain('another process does not accept the first of URL_SECRETS yet')
    expect(await isOld(first)).toBe(true)
    const second = await replace(1)
    expect(await isOld(second)).toBe(false)
    await until(() => first.said().includes('every process accepts the first of URL_SECRETS now'))
    const again = await replace(0)
    isRunning = false
    await Promise.all(load)
    expect(seen.bad).toEqual([])
    expect(seen.answers).toBeGreaterThan(900)
    expect(await issuedBy(again.url)).toEqual(await issuedBy(second.url))
    expect(again.said()).not.toContain('another process')
    await Promise.all(live.map(({ stop }) => stop()))
  })
})
