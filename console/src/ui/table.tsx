import type { ComponentChildren } from 'preact'

export interface Column<Row> {
  readonly name: string
  /** Null where there is nothing to say. */
  readonly cell: (row: Row) => ComponentChildren
  /** Numbers are set right. */
  readonly isNumber?: boolean
  /** The column that takes what is left, and is cut off first. */
  readonly isWide?: boolean
  /** On a phone the first line of a row has its title, the second all others. */
  readonly isTitle?: boolean
  /** Buttons: on a phone beside the title. */
  readonly isAction?: boolean
}

/** A list as a table; on a phone each row becomes a block of two lines. */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
  current,
}: {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
  /** The key of a row to be marked. */
  current?: string | undefined
}) {
  return (
    <div class="table-place">
      <table class="table">
        <caption class="hidden">{label}</caption>
        <thead>
          <tr>
            {columns.map(({ name, isNumber, isWide }) => (
              <th key={name} scope="col" class={`${isNumber ? 'number' : ''}${isWide ? ' wide' : ''}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} class={keyOf(row) === current ? 'current' : undefined}>
              {columns.map((column) => (
                <Cell key={column.name} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const { name, cell, isNumber, isWide, isTitle, isAction } = column
  const content = cell(row)
  const kinds = [
    isNumber && 'number',
    isWide && 'wide',
    isTitle && 'title',
    isAction && 'action',
    content === null && 'blank',
  ]
  return (
    <td data-name={name} class={kinds.filter(Boolean).join(' ')}>
      {content ?? <span class="muted">–</span>}
    </td>
  )
}
