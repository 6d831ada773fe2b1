import type { PoolClient } from 'pg'
import { AppError, toAppError } from '../core/errors.ts'
import { log } from '../core/log.ts'
import type { Presets } from '../core/variant.ts'
import type { WorkOrder } from '../variants/find-missing.ts'
import { announceEnd, HALT_CHANNEL } from './backfills.ts'
import { orderOf } from './request.ts'

/**
 * The order that a stored backfill stands for. Null where one of its presets or formats is offered no more, and then the
 * backfill ends as FAILED with the reason. Throws UNAVAILABLE where a process that was started later offers the preset: this
 * one is outdated, and others do the work. In the caller's transaction.
 */
export async function readOrder(
  client: PoolClient,
  { presets, backfill }: { presets: Presets; backfill: Parameters<typeof orderOf>[1] & { id: number } },
): Promise<WorkOrder | null> {
  try {
    return orderOf(presets, backfill)
  } catch (error) {
    const { code, message } = toAppError(error)
    if (code !== 'BAD_INPUT') throw error
    const unknown = backfill.presets.filter((name) => !presets.has(name))
    const { rows } = await client.query<{ newer: boolean }>(
      `select count(*) = $2::int as newer from coverage_preset where preset = any($1::text[])`,
      [unknown, unknown.length],
    )
    if (unknown.length > 0 && rows[0]?.newer)
      throw new AppError('UNAVAILABLE', `${message} A process started later has it: restart this one.`, {
        cause: error,
      })
    await failBackfill(
      client,
      backfill.id,
      `${message} It was offered when the backfill was started: start another one.`,
    )
    return null
  }
}

/** Ends an unfinished backfill as FAILED, whatever is left of it. What is being made is finished and kept. */
async function failBackfill(client: PoolClient, id: number, reason: string): Promise<void> {
  const { rows } = await client.query<{ status: string; mode: string }>(
    `update backfill set status = 'FAILED', finished_at = now(), error = $2
     where id = $1 and status in ('PLANNING', 'RUNNING', 'PAUSED') returning status, mode`,
    [id, reason],
  )
  const [ended] = rows
  if (!ended) return
  await client.query('select pg_notify($1, $2)', [HALT_CHANNEL, String(id)])
  await announceEnd(client, { id, ...ended })
  log.warn('a backfill cannot go on', { backfill: id, reason })
}
