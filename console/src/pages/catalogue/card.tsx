import type { CardFieldsFragment } from '../../generated.ts'
import { Picture } from '../../ui/picture.tsx'
import { Mark, stateOf } from '../../ui/status.tsx'

const WORDS = { PENDING: 'not made yet', FAILED: 'failed', GONE: 'taken down' } as const

/** An item in a grid: its picture, its name, and its state unless that is ready. */
export function Card({ item }: { item: CardFieldsFragment | undefined }) {
  if (!item)
    return (
      <span class="card">
        <span class="skeleton card-picture" />
      </span>
    )
  const { image, name, uniqueId, placeholder } = item
  const { status, error } = image
  return (
    <a class="card" href={`/item/${uniqueId}`} title={name.slice(0, 300)}>
      <span class="card-picture">
        {status === 'FAILED' || status === 'GONE' ? (
          <span class="card-none">
            <Mark state={stateOf(status)} />
            {error?.code ?? WORDS[status]}
          </span>
        ) : (
          <Picture src={image.url} alt="" width={image.width} height={image.height} placeholder={placeholder} />
        )}
      </span>
      <span class="card-foot">
        <span class="clip">{name.slice(0, 120)}</span>
        {status !== 'READY' && <Mark state={stateOf(status)} label={WORDS[status]} />}
      </span>
    </a>
  )
}
