import type { Caller } from '../access/caller.ts'
import type { App } from '../app.ts'
import { AppError } from '../core/errors.ts'
import { isRowId, parseGlobalId, printGlobalId } from '../core/global-id.ts'
import { execute, query } from '../db/query.ts'
import { type Failure, readFailures } from '../variants/failures.ts'
import { createExport } from './jsonl.ts'

/** `/failures.jsonl`: all failures as JSON Lines, or with `?backfill=ID` those that one backfill recorded last. */
export const createFailuresExport = (app: App) =>
  createExport<Failure>(app, {
    name: 'failures',
    scopes: ['operations:read', 'backfill:write'],
    async read(caller, parameters) {
      const backfillId = parseBackfill(parameters)
      if (backfillId !== null) await checkBackfill(app, backfillId, caller)
      return readFailures(app.pg, { backfillId, vendorId: caller.vendor?.id ?? null })
    },
    print: ({ itemUniqueId, sourceKey, code, message, attempts, lastAt, backfillId }) => ({
      item: itemUniqueId,
      sourceKey,
      code,
      message,
      attempts,
      lastAt,
      backfill: backfillId === null ? null : printGlobalId('Backfill', backfillId),
    }),
  })

/** Throws NOT_FOUND, also for a backfill that a vendor does not see. */
async function checkBackfill({ pg }: App, id: number, { vendor }: Caller): Promise<void> {
  const found = query.selectFrom('backfill').where('id', '=', id)
  const isThere = await execute(pg, vendor ? found.where('owner_id', '=', vendor.id) : found)
  if (!isThere) throw new AppError('NOT_FOUND', `There is no backfill ${id}.`)
}

function parseBackfill(parameters: URLSearchParams): number | null {
  const text = parameters.get('backfill')
  if (text === null) return null
  const node = parseGlobalId(text)
  if (node?.typename === 'Backfill' && isRowId(Number(node.id))) return Number(node.id)
  throw new AppError('BAD_INPUT', `${JSON.stringify(text.slice(0, 100))} is not the id of a backfill in GraphQL.`)
}
