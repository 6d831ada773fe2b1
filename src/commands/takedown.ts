import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../core/errors.ts'
import type { Ask } from './ask-service.ts'
import { READ_TAKE_DOWN, RESTORE, TAKE_DOWN } from './documents.ts'
import { createOutput } from './output.ts'
import { withService } from './service.ts'

const POLL_EVERY_MS = 500

interface Receipt {
  readonly id: string
  readonly status: string
  readonly objectsDeleted: number
  readonly invalidationIds: readonly string[]
  readonly error: string | null
  readonly note: string | null
}

/** Takes down and, unless told otherwise, waits for the receipt; exit code 1 if it did not complete. */
export async function takeDown(
  id: string,
  { reason, wait, json }: { reason: string; wait: boolean; json?: boolean },
): Promise<number> {
  const { say, result } = createOutput({ json })
  const receipt = await withService(async (ask) => {
    const { takeDown: taken } = await ask<{ takeDown: Receipt }>(TAKE_DOWN, { id, reason })
    return wait ? await ended(ask, taken) : taken
  })
  const { status, objectsDeleted, invalidationIds, error, note } = receipt
  const purged = invalidationIds.length > 0 ? `, invalidations ${invalidationIds.join(', ')}` : ''
  say(`${receipt.id} ${status}: hidden, ${objectsDeleted} objects deleted${purged}`)
  for (const sentence of [error, note]) if (sentence) say(sentence)
  result(receipt)
  return status === 'FAILED' ? 1 : 0
}

/** Undoes a take-down. */
export async function restore(id: string, { json }: { json?: boolean }): Promise<number> {
  const { say, result } = createOutput({ json })
  const { restore: receipt } = await withService((ask) => ask<{ restore: Receipt }>(RESTORE, { id }))
  say(`${receipt.id} ${receipt.status}: its pictures are made again when they are requested`)
  result(receipt)
  return 0
}

async function ended(ask: Ask, receipt: Receipt): Promise<Receipt> {
  const { id, status } = receipt
  if (status !== 'QUEUED' && status !== 'RUNNING') return receipt
  await delay(POLL_EVERY_MS)
  const { node } = await ask<{ node: Receipt | null }>(READ_TAKE_DOWN, { id })
  if (!node) throw new AppError('NOT_FOUND', `The take-down ${id} is gone.`)
  return await ended(ask, node)
}
