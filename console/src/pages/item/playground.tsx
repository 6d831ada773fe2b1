import { useEffect, useState } from 'preact/hooks'
import { useQuery } from '../../data/query.ts'
import { useUrlState } from '../../data/url-state.ts'
import { ItemTransform, type Theme } from '../../generated.ts'
import { Copy } from '../../ui/copy.tsx'
import { Segments } from '../../ui/form.tsx'
import { Problem } from '../../ui/notice.tsx'
import { Picture } from '../../ui/picture.tsx'

const THEMES = [
  { value: 'LIGHT', label: 'Light' },
  { value: 'DARK', label: 'Dark' },
  { value: 'TRANSPARENT', label: 'Transparent' },
] as const satisfies readonly { value: Theme; label: string }[]

const SIZES = ['64', '128', '256', '512', '1024'].map((value) => ({ value, label: `${value}` }))
/** A colour that is being dragged is not asked for at each step: every step would be a picture. */
const SETTLED_MS = 350

/** A real picture in a size, theme and colour of one's own. */
export function Playground({ uniqueId }: { uniqueId: string }) {
  const [state, set] = useUrlState()
  const theme = THEMES.find(({ value }) => value === state.theme)?.value ?? 'LIGHT'
  const size = SIZES.find(({ value }) => value === state.size)?.value ?? '256'
  const [color, setColor] = useState(/^#[0-9a-f]{6}$/i.test(state.ink ?? '') ? (state.ink ?? '') : '')
  useEffect(() => {
    const timer = setTimeout(() => color !== (state.ink ?? '') && set({ ink: color }, { replace: true }), SETTLED_MS)
    return () => clearTimeout(timer)
  }, [color, state.ink, set])
  const ink = state.ink && /^#[0-9a-f]{6}$/i.test(state.ink) ? { color: state.ink } : {}
  const asked = useQuery(ItemTransform, { uniqueId, transform: { width: Number(size), theme, ...ink } })
  const image = asked.data?.item?.image
  return (
    <div class="playground">
      <div class="playground-picture">
        {image && (image.status === 'READY' || image.status === 'PENDING') && (
          <Picture
            src={image.url}
            alt={`${image.width} px wide, ${theme.toLowerCase()}`}
            width={image.width}
            height={image.height}
            isTransparent={theme === 'TRANSPARENT'}
          />
        )}
      </div>
      <div class="stack">
        <div class="row wrapping">
          <span class="playground-name">Width in px</span>
          <Segments
            label="Width in px"
            value={size}
            choices={SIZES}
            onChange={(value) => set({ size: value }, { replace: true })}
          />
        </div>
        <div class="row wrapping">
          <span class="playground-name">Theme</span>
          <Segments
            label="Theme"
            value={theme}
            choices={THEMES}
            onChange={(value) => set({ theme: value }, { replace: true })}
          />
        </div>
        <div class="row wrapping">
          <label class="playground-name" for="ink">
            Colour
          </label>
          <input
            id="ink"
            class="color-input"
            type="color"
            value={color || '#000000'}
            onInput={({ currentTarget }) => setColor(currentTarget.value)}
          />
          {color && (
            <button type="button" class="button quiet" onClick={() => setColor('')}>
              As drawn
            </button>
          )}
          <span class="muted small">recolours art that is drawn in one colour</span>
        </div>
        {asked.error && <Problem error={asked.error} what="There is no such picture." onRetry={asked.reload} />}
        {image && (
          <div class="snippet">
            <pre>{image.url}</pre>
            <Copy text={image.url} label="Copy the URL of this picture" />
          </div>
        )}
      </div>
    </div>
  )
}
