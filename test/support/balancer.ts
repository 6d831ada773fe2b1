import { Agent, createServer, request as requestHttp } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Target {
  readonly port: number
  /** Whether it gets requests: decided by checks alone, as in a load balancer. */
  isHealthy: boolean
}

/**
 * A load balancer: forwards requests in turn to the healthy targets over persistent connections, and checks `/readyz` of each. It retries
 * nothing: a request that fails has failed.
 * @param options.threshold this many checks in a row change the state of a target
 */
export async function openBalancer(
  ports: readonly number[],
  { checkEveryMs, threshold }: { checkEveryMs: number; threshold: number },
) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const targets: Target[] = ports.map((port) => ({ port, isHealthy: true }))
  const served = new Map<number, number>()
  let turn = 0

  const server = createServer((request, response) => {
    const healthy = targets.filter(({ isHealthy }) => isHealthy)
    const target = healthy[turn++ % healthy.length]
    if (!target) return void response.writeHead(502).end('no target is healthy')
    const { method, url, headers } = request
    const forwarded = requestHttp(
      { agent, host: '127.0.0.1', port: target.port, method, path: url, headers },
      (answer) => {
        served.set(target.port, (served.get(target.port) ?? 0) + 1)
        const { connection: _hop, ...own } = answer.headers
        response.writeHead(answer.statusCode ?? 502, own)
        answer.pipe(response)
        answer.once('error', () => response.destroy())
      },
    )
    forwarded.once('error', (error) => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end(String(error))
    })
    request.pipe(forwarded)
  })

  const timers = targets.map((target) => {
    let others = 0
    const check = async () => {
      const limit = AbortSignal.timeout(checkEveryMs)
      const isOk = await fetch(`http://127.0.0.1:${target.port}/readyz`, { signal: limit }).then(
        async (answer) => {
          await answer.arrayBuffer()
          return answer.ok
        },
        () => false,
      )
      others = isOk === target.isHealthy ? 0 : others + 1
      if (others < threshold) return
      target.isHealthy = isOk
      others = 0
    }
    return setInterval(() => void check(), checkEveryMs)
  })

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets: targets as readonly Target[],
    /** How many requests each port has answered. */
    served: served as ReadonlyMap<number, number>,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer)
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
