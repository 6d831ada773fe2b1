/**
 * A queue that is fair between flows: among the waiting ones, the flow that has used least goes next, as in Linux's completely fair
 * scheduler (https://docs.kernel.org/scheduler/sched-design-CFS.html). Flows nest: a path of names such as [vendor, client] shares fairly
 * between vendors, and each vendor's share between its clients. FIFO within a flow.
 */
export interface FairQueue<T> {
  /** The number of waiting values. */
  readonly size: number
  /** How many of them wait in the top-level flow of that name. */
  waitingOf(name: string): number
  /** The usage of the next flow; infinite if nothing waits. */
  least(): number
  push(path: readonly string[], value: T): void
  /** Puts a value back at the front of its flow. */
  unshift(path: readonly string[], value: T): void
  /** Removes and returns the next value, of the accepted top-level flows. */
  shift(accepts?: (name: string) => boolean): T | undefined
  /** Removes a value; false: it was not there. */
  remove(path: readonly string[], value: T): boolean
  /** Charges a flow for usage, in any unit; a negative cost corrects an earlier charge. */
  charge(path: readonly string[], cost: number): void
  /** How many values would go before one that was pushed now, if all cost the same. */
  ahead(path: readonly string[]): number
}

interface Flow<T> {
  used: number
  waiting: number
  /** The usage of the flow below it that was served last: a flow that returns from a pause starts here, with no credit for it. */
  reached: number
  readonly flows: Map<string, Flow<T>>
  readonly values: T[]
}

/** Above this, idle flows are dropped, so that a million clients leave nothing behind. */
const FLOWS_MAX = 1000

/** An empty queue in memory. */
export function createFairQueue<T>(): FairQueue<T> {
  const root = createFlow<T>(0)

  /** Creates the flows along the path, from the root down. */
  function walk(path: readonly string[]): Flow<T>[] {
    const way = [root]
    for (const name of path) {
      const above = way.at(-1) as Flow<T>
      let flow = above.flows.get(name)
      if (!flow) {
        if (above.flows.size >= FLOWS_MAX) forgetIdle(above)
        flow = createFlow<T>(above.reached)
        above.flows.set(name, flow)
      }
      way.push(flow)
    }
    return way
  }

  /** The values of a flow that gets one more. */
  function enter(path: readonly string[]): T[] {
    const way = walk(path)
    for (const [depth, flow] of way.entries()) {
      const above = way[depth - 1]
      if (above && flow.waiting === 0) flow.used = Math.max(flow.used, above.reached)
      flow.waiting++
    }
    return (way.at(-1) as Flow<T>).values
  }

  return {
    get size() {
      return root.waiting
    },
    waitingOf: (name) => root.flows.get(name)?.waiting ?? 0,
    least: () => leastUsed(root)?.used ?? Number.POSITIVE_INFINITY,
    push: (path, value) => void enter(path).push(value),
    unshift: (path, value) => void enter(path).unshift(value),
    shift(accepts) {
      let flow = root
      let next = root.values.length > 0 ? root : leastUsed(root, accepts)
      if (!next) return undefined
      const way = [root]
      while (flow.values.length === 0 && next) {
        flow.reached = Math.max(flow.reached, next.used)
        way.push(next)
        flow = next
        next = leastUsed(flow)
      }
      for (const each of way) each.waiting--
      return flow.values.shift()
    },
    remove(path, value) {
      const way = walk(path)
      const values = way.at(-1)?.values ?? []
      const index = values.indexOf(value)
      if (index < 0) return false
      values.splice(index, 1)
      for (const flow of way) flow.waiting--
      return true
    },
    charge(path, cost) {
      for (const flow of walk(path).slice(1)) flow.used += cost
    },
    ahead(path) {
      let share = 1
      let flow: Flow<T> | undefined = root
      for (const name of path) {
        const below: Flow<T> | undefined = flow?.flows.get(name)
        const others = flow ? activeOf(flow) - (below && below.waiting > 0 ? 1 : 0) : 0
        share *= others + 1
        flow = below
      }
      return Math.min(root.waiting, ((flow?.waiting ?? 0) + 1) * share - 1)
    },
  }
}

const createFlow = <T>(used: number): Flow<T> => ({ used, waiting: 0, reached: 0, flows: new Map(), values: [] })

function activeOf<T>({ flows }: Flow<T>): number {
  let active = 0
  for (const { waiting } of flows.values()) if (waiting > 0) active++
  return active
}

function leastUsed<T>({ flows }: Flow<T>, accepts?: (name: string) => boolean): Flow<T> | undefined {
  let least: Flow<T> | undefined
  for (const [name, flow] of flows)
    if (flow.waiting > 0 && (!least || flow.used < least.used) && (!accepts || accepts(name))) least = flow
  return least
}

function forgetIdle<T>({ flows, reached }: Flow<T>): void {
  for (const [name, { waiting, used }] of flows) if (waiting === 0 && used <= reached) flows.delete(name)
}
