/**
 * A queue that is fair between flows: of those that wait, the one that has used least goes next, as in Linux's completely fair
 * scheduler (https://docs.kernel.org/scheduler/sched-design-CFS.html). Flows nest: a path of names such as [vendor, client]
 * shares fairly between vendors, and each vendor's share between its clients. Within a flow the order is that of arrival.
 */
export interface FairQueue<T> {
  /** How many values wait. */
  readonly size: number
  /** How many of them wait in the first flow of that name. */
  waitingOf(name: string): number
  /** What the next flow in turn has used; infinite when nothing waits. */
  least(): number
  push(path: readonly string[], value: T): void
  /** Puts back what was taken out, before all of its flow. */
  unshift(path: readonly string[], value: T): void
  /** Takes out what is next, of those first flows that it accepts. */
  shift(accepts?: (name: string) => boolean): T | undefined
  /** Takes out a value that nobody wants any more; false: it was not there. */
  remove(path: readonly string[], value: T): boolean
  /** Says what a flow has used, in any unit; less than nothing corrects what was charged before. */
  charge(path: readonly string[], cost: number): void
  /** How many values would go before one that was pushed now, if all cost the same. */
  ahead(path: readonly string[]): number
}

interface Flow<T> {
  used: number
  waiting: number
  /** What the last flow below it that had its turn had used: who comes back from a pause begins here, with no credit for it. */
  reached: number
  readonly flows: Map<string, Flow<T>>
  readonly values: T[]
}

/** Idle flows are forgotten when there are more, so that a million clients leave nothing behind. */
const FLOWS_MAX = 1000

export function createFairQueue<T>(): FairQueue<T> {
  const root = createFlow<T>(0)

  /** From the root down to the flow, all of them made. */
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

  /** The values of a flow that one more joins. */
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
