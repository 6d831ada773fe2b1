import type { DraftQuery } from '../../generated.ts'
import { moveInGrid } from '../../shell/keys.ts'
import { Icon } from '../../ui/icon.tsx'

export type DraftOf = DraftQuery['draftPreview']

/** A draft with a button over each of its items. */
export function Cells({
  draft,
  action,
  onClick,
}: {
  draft: DraftOf
  action: 'pin' | 'exclude'
  onClick: (uniqueId: string) => void
}) {
  const { dataUrl, width, height, cells, members, pinned } = draft
  const share = (part: number, of: number) => `${(part / of) * 100}%`
  return (
    <div class={`cells ${action}`} style={{ aspectRatio: `${width} / ${height}` }}>
      <img src={dataUrl} alt="The draft" width={width} height={height} />
      <ul onKeyDown={moveInGrid} aria-label="Items of the draft">
        {members.map(({ uniqueId, name }, at) => {
          const cell = cells[at]
          if (!cell) return null
          const isPinned = pinned.includes(uniqueId)
          const verb = action === 'exclude' ? 'Exclude' : isPinned ? 'Unpin' : 'Pin'
          return (
            <li key={uniqueId}>
              <button
                type="button"
                class={isPinned ? 'cell pinned' : 'cell'}
                style={{
                  insetInlineStart: share(cell.x, width),
                  insetBlockStart: share(cell.y, height),
                  width: share(cell.width, width),
                  height: share(cell.height, height),
                }}
                aria-label={`${verb} ${name.slice(0, 100)}`}
                title={`${verb} ${name.slice(0, 200)}`}
                onClick={() => onClick(uniqueId)}
              >
                {(isPinned || action === 'exclude') && (
                  <span class="cell-mark">
                    <Icon name={action === 'exclude' ? 'close' : 'pin'} size={14} />
                  </span>
                )}
              </button>
            </li>
          )
        })}
      </ul>
    </div>
  )
}
