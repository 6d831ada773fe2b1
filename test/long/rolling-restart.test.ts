import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { App } from '../../src/app.ts'
import { variantKeyOf } from '../../src/variants/make.ts'
import { openBalancer } from '../support/balancer.ts'
import { programEnv } from '../support/program-env.ts'
import { ADMIN_TOKEN, importDrawings, testApp, testConfig } from '../support/setup.ts'
import { until } from '../support/until.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const REQUESTS = 10_000
const AT_ONCE = 8
const ITEMS = 20
/** Of the load balancer. The processes drain as long as they do by default. */
const CHECKS = { checkEveryMs: 5000, threshold: 2 }
const DRAIN_MS = 15_000

it(`a rolling restart of two APIs behind a load balancer's checks fails none of ${REQUESTS} requests`, async () => {
  const app = await testApp(await testConfig())
  await importDrawings(app, ITEMS)
  const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
  const keys = items.map((item) => variantKeyOf(app, item, { preset: 'thumbnail', format: 'WEBP' }))
  const ports = await freePorts(2)
  const apis = ports.map((port) => startApi(app, port))
  await Promise.all(apis.map(({ ready }) => ready))
  await using balancer = await openBalancer(ports, CHECKS)

  const failures: string[] = []
  let sent = 0
  let mutations = 0
  const isHealthy = (index: number, expected: boolean) =>
    until(() => balancer.targets[index]?.isHealthy === expected, 60_000)

  async function send(index: number): Promise<void> {
    const response = await request(index)
    const body = await response.text()
    if (response.status !== 200 || body.includes('"errors"'))
      throw new Error(`${response.status} ${body.slice(0, 200)}`)
  }

  function request(index: number): Promise<Response> {
    const item = index % ITEMS
    if (index % 10 === 0) {
      mutations++
      const visibility = index % 20 === 0 ? 'UNLISTED' : 'PUBLIC'
      return ask(`mutation { setVisibility(id: "${items[item]?.uniqueId}", visibility: ${visibility}) { visibility } }`)
    }
    if (index % 3 === 0) return ask('{ items(first: 5) { nodes { name } } }')
    return fetch(`${balancer.url}/images/${keys[item]}`)
  }

  const ask = (query: string) =>
    fetch(`${balancer.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify({ query }),
    })

  let isRestarting = true
  /** Evenly over the restarts, which take about a minute and a half; then at full speed, if any are left. */
  const pauseMs = () => (isRestarting ? (90_000 / REQUESTS) * AT_ONCE : 0)
  const load = Array.from({ length: AT_ONCE }, async () => {
    while (sent < REQUESTS || isRestarting) {
      const index = sent++
      await send(index).catch((error: Error) =>
        failures.push(`${index}: ${error.message} ${String(error.cause ?? '')}`),
      )
      await new Promise((resolve) => setTimeout(resolve, pauseMs()))
    }
  })

  for (const [index, port] of ports.entries()) {
    const { child } = apis[index] as Api
    const stopped = Date.now()
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await isHealthy(index, false)
    expect(await exited).toEqual([0, null])
    expect(Date.now() - stopped).toBeGreaterThanOrEqual(DRAIN_MS)
    apis[index] = startApi(app, port)
    await apis[index].ready
    await isHealthy(index, true)
  }
  isRestarting = false
  await Promise.all(load)

  expect(failures).toEqual([])
  expect(sent).toBeGreaterThanOrEqual(REQUESTS)
  // Each was applied once.
  expect(await app.prisma.auditEntry.count({ where: { action: 'setVisibility' } })).toBe(mutations)
  for (const port of ports) expect(balancer.served.get(port)).toBeGreaterThan(REQUESTS / 10)
  process.stdout.write(`${sent} requests, ${mutations} of them mutations, 0 failed\n`)
}, 300_000)

interface Api {
  readonly child: ChildProcess
  readonly ready: Promise<unknown>
}

function startApi(app: App, port: number): Api {
  const { databaseUrl, dataDir } = app.config
  const child = spawn(process.execPath, [path.join(ROOT, 'src/bin/api.ts')], {
    env: {
      ...programEnv(),
      DATABASE_URL: databaseUrl ?? '',
      DATA_DIR: dataDir,
      PORT: String(port),
      ADMIN_TOKEN,
      URL_SECRET: 'test-url-secret',
      RENDERERS: '1',
      WARM_PAGES: 'off',
      REQUESTS_PER_MINUTE: 'off',
      DRAIN_SECONDS: String(DRAIN_MS / 1000),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const gone = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
  })
  return {
    child,
    ready: until(
      () => said.includes('Afterimage API at') || (child.exitCode !== null && Promise.reject(new Error(said))),
      60_000,
    ),
  }
}

/** Ports that nobody listens on, also after a process has been restarted. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
