import { useState } from 'preact/hooks'
import { Select } from '../../ui/form.tsx'
import { Picture } from '../../ui/picture.tsx'
import { Status, stateOf } from '../../ui/status.tsx'
import { bytes } from '../../words.ts'
import type { Variant } from './variants.ts'

const idOf = ({ preset, format }: Variant) => `${preset.name} ${format}`
const isShown = ({ status }: Variant) => status === 'READY' || status === 'PENDING'

interface ViewerProps {
  readonly variant: Variant | undefined
  readonly variants: readonly Variant[]
  readonly name: string
  readonly placeholder: { readonly dataUrl: string; readonly dominantColor: string } | null
  readonly onBroken: () => void
}

/** The picture large on its own ground, and a slider against another one. */
export function Viewer({ variant, variants, name, placeholder, onBroken }: ViewerProps) {
  const [otherId, setOther] = useState('')
  const [split, setSplit] = useState(50)
  const other = variants.find((each) => idOf(each) === otherId)
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
            ...variants
              .filter((each) => isShown(each) && each !== variant)
              .map((each) => ({ value: idOf(each), label: idOf(each) })),
          ]}
          onChange={setOther}
        />
      </figcaption>
    </figure>
  )
}
