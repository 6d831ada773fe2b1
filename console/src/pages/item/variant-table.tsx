import { Button } from '../../ui/button.tsx'
import { Copy } from '../../ui/copy.tsx'
import { Empty } from '../../ui/notice.tsx'
import { Status, stateOf } from '../../ui/status.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { bytes, milliseconds, sentenceCase } from '../../words.ts'
import { type Variant, warningWords } from './variants.ts'

/** Every preset and format of an item: whether it is there, what it weighs, who made it in what time, and what was left out. */
export function VariantTable({
  variants,
  current,
  onChoose,
}: {
  variants: readonly Variant[]
  current: Variant | undefined
  onChoose: (variant: Variant) => void
}) {
  const columns: readonly Column<Variant>[] = [
    { name: 'Preset', isTitle: true, cell: ({ preset }) => <strong>{preset.name}</strong> },
    { name: 'Format', cell: ({ format }) => format },
    {
      name: 'State',
      cell: ({ status, error }) => (
        <Status state={stateOf(status)}>
          {status === 'FAILED' ? sentenceCase(error?.code ?? 'FAILED') : undefined}
        </Status>
      ),
    },
    { name: 'Size', isNumber: true, cell: ({ width, height }) => `${width} × ${height} px` },
    { name: 'Bytes', isNumber: true, cell: (variant) => (variant.bytes === null ? null : bytes(variant.bytes)) },
    { name: 'Made in', isNumber: true, cell: ({ renderMs }) => (renderMs === null ? null : milliseconds(renderMs)) },
    { name: 'Engine', cell: ({ engine, lossless }) => (engine ? `${engine}${lossless ? ', lossless' : ''}` : null) },
    {
      name: 'Warnings',
      isWide: true,
      cell: ({ warnings }) => (warnings.length > 0 ? warnings.map(warningWords).join('. ') : null),
    },
    {
      name: 'Show',
      isAction: true,
      cell: (variant) => (
        <span class="row">
          <Button
            pressed={variant === current}
            onClick={() => onChoose(variant)}
            label={`Show ${variant.preset.name} as ${variant.format}`}
          >
            Show
          </Button>
          <Copy text={variant.url} label={`Copy the URL of ${variant.preset.name} as ${variant.format}`} />
        </span>
      ),
    },
  ]
  if (variants.length === 0) return <Empty title="Loading the variants…" />
  return (
    <Table
      label="Variants"
      columns={columns}
      rows={variants}
      keyOf={({ preset, format }) => `${preset.name} ${format}`}
    />
  )
}
