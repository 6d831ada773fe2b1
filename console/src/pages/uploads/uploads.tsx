import { useCallback, useEffect, useRef } from 'preact/hooks'
import { request } from '../../data/client.ts'
import type { LoadPage } from '../../data/paged.ts'
import { viewer, whyNot } from '../../data/session.ts'
import { useUrlState } from '../../data/url-state.ts'
import { type UploadFieldsFragment, Uploads as UploadsDocument } from '../../generated.ts'
import { More, useMore } from '../../ui/more.tsx'
import { Empty } from '../../ui/notice.tsx'
import { PageHead, Section } from '../../ui/section.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { bytes, count, fullTime, time } from '../../words.ts'
import { choose, chosen } from './chosen.ts'
import { ChosenArchive } from './chosen-archive.tsx'
import { DropZone } from './drop-zone.tsx'
import { OpenUpload } from './open-upload.tsx'
import { UploadState } from './status.tsx'
import './uploads.css'

type Upload = UploadFieldsFragment
const PAGE = 30

const columns: readonly Column<Upload>[] = [
  {
    name: 'Archive',
    isTitle: true,
    cell: ({ id, fileName }) => (
      <a class="link clip upload-name" href={`/uploads?open=${encodeURIComponent(id)}`}>
        {fileName.slice(0, 120)}
      </a>
    ),
  },
  { name: 'Status', cell: ({ status }) => <UploadState status={status} /> },
  { name: 'Vendor', isWide: true, cell: ({ vendor }) => vendor },
  {
    name: 'Items',
    isNumber: true,
    cell: ({ items }) => (items.total > 0 ? `${count(items.done)} of ${count(items.total)}` : null),
  },
  {
    name: 'Problems',
    isNumber: true,
    cell: ({ problemCount }) => (problemCount > 0 ? <span class="failed">{count(problemCount)}</span> : null),
  },
  { name: 'Size', isNumber: true, cell: (upload) => bytes(upload.bytes) },
  {
    name: 'Sent',
    isNumber: true,
    cell: ({ createdAt }) => <time title={fullTime(createdAt)}>{time(createdAt)}</time>,
  },
]

/** Vendors' archives: checked here, sent, and followed until their pictures are ready. */
export default function Uploads() {
  const [{ open }] = useUrlState()
  const why = whyNot('upload:write')
  const vendor = viewer.value?.vendor
  const archive = chosen.value
  return (
    <>
      <PageHead
        title="Uploads"
        lead={
          vendor
            ? `Archives of ${vendor.name.slice(0, 80)}: drawings and a manifest.json, in one ZIP.`
            : 'Vendors’ archives: drawings and a manifest.json, in one ZIP.'
        }
      />
      <DropZone why={why} onFile={(file) => void choose(file)} />
      {archive && <ChosenArchive {...archive} />}
      {why === null && <Sent open={open} />}
    </>
  )
}

/** The open upload, and the list of all. */
function Sent({ open }: { open: string | undefined }) {
  const load = useCallback<LoadPage<Upload>>(
    async (after, signal) => (await request(UploadsDocument, { first: PAGE, after }, { signal })).uploads,
    [],
  )
  const list = useMore(load)
  const { reload } = list
  const isFirst = useRef(true)
  useEffect(() => {
    // Another one is open: it may be new.
    if (!isFirst.current && open) reload()
    isFirst.current = false
  }, [open, reload])
  return (
    <>
      {open && <OpenUpload key={open} id={open} onEnd={list.reload} />}
      <Section title={open ? 'All uploads' : 'Earlier uploads'}>
        {list.nodes?.length === 0 ? (
          <Empty title="Nothing has been uploaded yet.">
            <p>
              Drop an archive above. What its manifest.json says is described in <code>docs/vendors.md</code>.
            </p>
          </Empty>
        ) : (
          <Table label="Uploads" columns={columns} rows={list.nodes ?? []} keyOf={({ id }) => id} current={open} />
        )}
        <More list={list} what="The uploads cannot be shown." />
      </Section>
    </>
  )
}
