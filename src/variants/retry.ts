import { TAKEN_DOWN } from '../catalogue/taken-down.ts'
import { AppError } from '../core/errors.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { execute, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { enqueue } from '../jobs/enqueue.ts'

/**
 * Has the next free worker try an item's source again, ahead of backfills, whatever its last attempt found; until then, requests for its
 * pictures try it too. Without a failure it makes what the item lacks. Throws NOT_FOUND, or GONE if the item is taken down.
 */
export async function retryItem(pg: Pg, itemId: number): Promise<void> {
  await inTransaction(pg, async (client) => {
    const item = await FIND_RETRIED.get(client, { itemId })
    if (!item) throw new AppError('NOT_FOUND', `There is no item ${itemId}.`)
    if (item.taken_down) throw new AppError('GONE', 'This item is taken down: restore it first.')
    const failure = query.updateTable('render_failure').set({ settled: false })
    await execute(client, failure.where('item_id', '=', itemId).where('settled', '=', true))
    await enqueue(client, 'make_rest', { itemIds: [itemId] })
  })
}

const FIND_RETRIED = statement({
  name: 'find-retried-item',
  text: `select ${TAKEN_DOWN('i')} as taken_down from item i where i.id = :itemId`,
  parameters: { itemId: 'int4' },
  columns: { taken_down: 'bool' },
})
