import { logFailure } from '../core/log-failure.ts'
import { type DeliveryHealth, diagnoseDelivery } from './delivery.ts'
import type { Finding } from './finding.ts'

/** Runs the checks of delivery and remembers the last verdict. */
export interface Doctor {
  /** Takes some seconds. */
  check(): Promise<DeliveryHealth>
  /**
   * The worst finding of the last check of this process, without waiting: WARNING, as for what was not checked, before the first. If the
   * last one is older than five minutes, another one starts.
   */
  status(): Finding['status']
  close(): Promise<void>
}

const CHECK_EVERY_MS = 5 * 60_000

/** Checks the delivery when it is asked, and at most every five minutes for whoever only needs the status. */
export function openDoctor(app: Parameters<typeof diagnoseDelivery>[0]): Doctor {
  let status: Finding['status'] = 'WARNING'
  let checkedAt = Number.NEGATIVE_INFINITY
  let checking = Promise.resolve()

  async function check(): Promise<DeliveryHealth> {
    checkedAt = performance.now()
    const health = await diagnoseDelivery(app)
    status = worstOf(health.findings)
    return health
  }

  async function checkAlone(): Promise<void> {
    try {
      await check()
    } catch (error) {
      logFailure('delivery could not be checked; trying again in five minutes', error)
    }
  }

  return {
    check,
    status() {
      if (performance.now() - checkedAt > CHECK_EVERY_MS) checking = checkAlone()
      return status
    },
    close: () => checking,
  }
}

const SEVERITY = ['ERROR', 'WARNING', 'OK'] as const

const worstOf = (findings: readonly Finding[]): Finding['status'] =>
  SEVERITY.find((severity) => findings.some(({ status }) => status === severity)) ?? 'OK'
