import { Agent, request } from 'node:http'

export interface Answer {
  readonly status: number
  /** From sending to the last byte. */
  readonly ms: number
  /** When it was sent, since the start of the load. */
  readonly atMs: number
}

export interface Load {
  readonly answers: readonly Answer[]
  readonly elapsedMs: number
  /** CPU time of this process meanwhile. */
  readonly cpuMs: number
}

const agent = new Agent({ keepAlive: true, maxFreeSockets: 2000 })

/** A client with little overhead: fetch takes a millisecond itself. */
export function get(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    })
      .once('error', reject)
      .end()
  })
}

/** The same for a picture that exists. Throws for any status but 200. */
export async function getImage(url: string): Promise<void> {
  const status = await get(url)
  if (status !== 200) throw new Error(`${url} answered ${status}`)
}

/** A number of clients, each sending its next request after the response, until the time or the addresses are used up. */
export async function closedLoad(
  urls: Iterator<string>,
  { clients, forMs = Number.POSITIVE_INFINITY }: { clients: number; forMs?: number },
): Promise<Load> {
  const from = performance.now()
  const cpu = process.cpuUsage()
  const answers: Answer[] = []
  const client = async () => {
    while (performance.now() - from < forMs) {
      const { value, done } = urls.next()
      if (done) break
      answers.push(await ask(value, from))
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return { answers, elapsedMs: performance.now() - from, cpuMs: cpuSince(cpu) }
}

/** Requests at a fixed rate, whatever their results. Refused ones are sent again later. */
export async function openLoad(
  urls: readonly string[],
  { perSecond, forMs }: { perSecond: number; forMs: number },
): Promise<Load> {
  const from = performance.now()
  const cpu = process.cpuUsage()
  const left = [...urls]
  const answers: Promise<Answer>[] = []
  while (performance.now() - from < forMs) {
    const due = ((performance.now() - from) / 1000) * perSecond
    while (answers.length < due) {
      const url = left.shift()
      if (url === undefined) throw new Error('there are too few pictures for this load')
      const answer = ask(url, from)
      void answer.then(({ status }) => status === 503 && left.push(url))
      answers.push(answer)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const during = { elapsedMs: performance.now() - from, cpuMs: cpuSince(cpu) }
  return { answers: await Promise.all(answers), ...during }
}

function cpuSince(from: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1000
}

/** Responses of 200 per second, of those that were complete before the load ended. */
export const goodputOf = ({ answers, elapsedMs }: Load): number =>
  (answers.filter(({ status, atMs, ms }) => status === 200 && atMs + ms <= elapsedMs).length / elapsedMs) * 1000

async function ask(url: string, loadFrom: number): Promise<Answer> {
  const from = performance.now()
  const status = await get(url)
  return { status, ms: performance.now() - from, atMs: from - loadFrom }
}

/** Of the responses with this status. */
export const msOf = (answers: readonly Answer[], status: number): number[] =>
  answers.filter((answer) => answer.status === status).map(({ ms }) => ms)

/** @param share the percentile as a fraction: 0.5 for the median, 0.99 for what one in a hundred exceeds */
export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0
