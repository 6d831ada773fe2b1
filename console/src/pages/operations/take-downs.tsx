import { useCallback } from 'preact/hooks'
import { request } from '../../data/client.ts'
import type { LoadPage } from '../../data/paged.ts'
import { whyNot } from '../../data/session.ts'
import { type ReceiptFieldsFragment, TakeDowns as TakeDownsDocument } from '../../generated.ts'
import { More, useMore } from '../../ui/more.tsx'
import { Empty } from '../../ui/notice.tsx'
import { Section } from '../../ui/section.tsx'
import { Closed, OperationsHead } from './head.tsx'
import { Receipt } from './receipt.tsx'
import { StartTakeDown } from './start-take-down.tsx'

const PAGE = 30

/** What must not be shown any more: taken down, with the receipt of what was deleted, and restored. */
export default function TakeDowns() {
  const why = whyNot('takedown:write')
  return (
    <>
      <OperationsHead
        path="/operations"
        lead="Hides an item, a set, a family or a vendor at once, deletes its pictures, and purges the CDN. Originals stay."
      />
      {why ? <Closed why={why} /> : <Receipts />}
    </>
  )
}

function Receipts() {
  const load = useCallback<LoadPage<ReceiptFieldsFragment>>(
    async (after, signal) => (await request(TakeDownsDocument, { first: PAGE, after }, { signal })).takeDowns,
    [],
  )
  const list = useMore(load)
  return (
    <>
      <StartTakeDown onStarted={list.reload} />
      <Section title="Receipts">
        {list.nodes?.length === 0 && (
          <Empty title="Nothing has been taken down.">
            <p>Each take-down leaves a receipt here: what was deleted, and which edges were told.</p>
          </Empty>
        )}
        <div>
          {list.nodes?.map((receipt) => (
            <Receipt key={receipt.id} receipt={receipt} />
          ))}
        </div>
        <More list={list} what="The receipts cannot be shown." />
      </Section>
    </>
  )
}
