import { type Column, Table } from '../../ui/table.tsx'

/** A problem as the check in the browser and the service both report it. */
export interface ArchiveProblem {
  readonly code: string
  readonly file: string | null
  readonly pointer: string | null
  readonly message: string
}

const SHOWN_CHARS = 300

const columns: readonly Column<readonly [at: number, problem: ArchiveProblem]>[] = [
  {
    name: 'Where',
    isTitle: true,
    cell: ([, { file, pointer }]) => (
      <span class="problem-place">
        <strong class="wrap">{file?.slice(0, SHOWN_CHARS) ?? 'the archive'}</strong>
        {pointer && <code class="wrap muted">{pointer.slice(0, SHOWN_CHARS)}</code>}
      </span>
    ),
  },
  { name: 'Problem', cell: ([, { code }]) => <code class="failed">{code}</code> },
  {
    name: 'What is wrong, and what to do',
    isWide: true,
    cell: ([, { message }]) => <span dir="auto">{message}</span>,
  },
]

/** Problems of an archive, each with its file and the place in the manifest. */
export function ProblemTable({ label, problems }: { label: string; problems: readonly ArchiveProblem[] }) {
  return (
    <Table
      label={label}
      columns={columns}
      rows={problems.map((problem, at) => [at, problem] as const)}
      keyOf={([at]) => String(at)}
    />
  )
}
