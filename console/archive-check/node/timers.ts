/** In place of node:timers/promises. A timeout of 0 ms would be one of 4 ms when nested. */

const waiting: (() => void)[] = []
const { port1, port2 } = new MessageChannel()
port1.onmessage = () => waiting.shift()?.()

export function runSoon(run: () => void): void {
  waiting.push(run)
  port2.postMessage(null)
}

export const setImmediate = (): Promise<void> => new Promise((resolve) => runSoon(resolve))
