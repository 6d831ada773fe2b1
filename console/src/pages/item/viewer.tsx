import { useState } from 'preact/hooks'
import { useQuery } from '../../data/query.ts'
import { whyNot } from '../../data/session.ts'
import { useUrlState } from '../../data/url-state.ts'
import { ItemOriginal } from '../../generated.ts'
import { Select } from '../../ui/form.tsx'
import { Picture } from '../../ui/picture.tsx'
import { Status, stateOf } from '../../ui/status.tsx'
import { bytes } from '../../words.ts'
import type { Variant } from './variants.ts'

const idOf = ({ preset, format }: Variant) => `${preset.name} ${format}`
/** In the choice of what to compare with; no preset has a name without a format. */
const ORIGINAL = 'original'
const isShown = ({ status }: Variant) => status === 'READY' || status === 'PENDING'

interface ViewerProps {
  readonly uniqueId: string
  readonly variant: Variant | undefined
  readonly variants: readonly Variant[]
  readonly name: string
  readonly placeholder: { readonly dataUrl: string; readonly dominantColor: string } | null
  readonly onBroken: () => void
}

/** The picture large on its own ground, and a slider against another one or the original. */
export function Viewer({ uniqueId, variant, variants, name, placeholder, onBroken }: ViewerProps) {
  const [{ with: otherId = '' }, set] = useUrlState()
  const [split, setSplit] = useState(50)
  const isOriginal = otherId === ORIGINAL
  const original = useOriginal(uniqueId, isOriginal)
  const other = isOriginal ? original.picture : variants.find((each) => idOf(each) === otherId)
  const isTransparent = variant?.preset.background === 'transparent'
  if (!variant)
    return (
      <div class="viewer">
        <span class="skeleton viewer-picture" />
      </div>
    )
  return (
    <figure class="viewer">
      <div class="viewer-picture">
        {isShown(variant) ? (
          <>
            <Picture
              src={variant.url}
              alt={`${name.slice(0, 200)}, ${variant.preset.name}`}
              width={variant.width}
              height={variant.height}
              placeholder={placeholder}
              isLazy={false}
              isTransparent={isTransparent}
              onBroken={onBroken}
            />
            {other && (
              <>
                <div class="viewer-other" style={{ clipPath: `inset(0 0 0 ${split}%)` }}>
                  <Picture
                    src={other.url}
                    alt={`The same, ${otherId}`}
                    width={other.width}
                    height={other.height}
                    isLazy={false}
                    isTransparent={isOriginal}
                    onBroken={isOriginal ? original.onBroken : undefined}
                  />
                </div>
                <div class="viewer-line" style={{ insetInlineStart: `${split}%` }} />
                <input
                  class="viewer-slider"
                  type="range"
                  min={0}
                  max={100}
                  value={split}
                  aria-label={`How much of ${idOf(variant)} is shown against ${otherId}`}
                  onInput={({ currentTarget }) => setSplit(Number(currentTarget.value))}
                />
              </>
            )}
          </>
        ) : (
          <span class="card-none">
            <Status state={stateOf(variant.status)}>
              {variant.status === 'GONE' ? 'taken down' : variant.error?.code}
            </Status>
          </span>
        )}
      </div>
      <figcaption class="row apart wrapping">
        <span class="muted small">
          {variant.preset.name} · {variant.format} · {variant.width} × {variant.height} px
          {variant.bytes !== null && ` · ${bytes(variant.bytes)}`}
        </span>
        <Select
          label="Compare with"
          value={otherId}
          choices={[
            { value: '', label: 'nothing' },
            { value: ORIGINAL, label: 'the original' },
            ...variants
              .filter((each) => isShown(each) && each !== variant)
              .map((each) => ({ value: idOf(each), label: idOf(each) })),
          ]}
          onChange={(value) => set({ with: value }, { replace: true })}
        />
      </figcaption>
      {isOriginal && <p class="muted small wrap">{original.note}</p>}
    </figure>
  )
}

/**
 * The SVG as it was uploaded, only ever as the source of an <img>: there a browser runs no script of it and loads nothing for it. Asked
 * for only when wanted, since each look is recorded in the audit log.
 */
function useOriginal(uniqueId: string, isWanted: boolean) {
  const why = whyNot('originals:read')
  const asked = useQuery(ItemOriginal, { uniqueId }, { skip: !isWanted || why !== null })
  const [broken, setBroken] = useState('')
  const url = asked.data?.item?.original?.url ?? null
  const note =
    why ??
    asked.error?.message ??
    (asked.data && !url
      ? 'There is no original to show: it is taken down, or of another vendor.'
      : url && url === broken
        ? 'The browser cannot show the original as a picture.'
        : 'The original lies right of the line. Each look at it is recorded in the audit log.')
  return {
    note,
    picture: url && url !== broken ? { url, width: SQUARE_PX, height: SQUARE_PX } : null,
    onBroken: () => setBroken(url ?? ''),
  }
}

/** Its own size is not known before it is loaded; it is fitted into the square of the viewer. */
const SQUARE_PX = 512
