import { useMemo } from 'preact/hooks'
import { usePresets } from '../../data/presets.ts'
import { useQuery } from '../../data/query.ts'
import { useUrlState } from '../../data/url-state.ts'
import { SampleFamilies, SampleItem } from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/form.tsx'
import { Empty } from '../../ui/notice.tsx'
import { Picture } from '../../ui/picture.tsx'
import { PageHead, Section } from '../../ui/section.tsx'
import { plural } from '../../words.ts'
import { previewsOperation, previewsVariables, readPreviews, useLayouts } from '../families/layouts.ts'
import { readVariants, variantsOperation, variantsVariables } from '../item/variants.ts'
import './layouts.css'

/** The layouts and presets of the service, each with a real picture. They are changed in layouts.json and presets.json. */
export default function LayoutsAndPresets() {
  return (
    <>
      <PageHead
        title="Layouts and presets"
        lead={
          <>
            What pictures there are. They are changed in <code>layouts.json</code> and <code>presets.json</code>, and
            read when the service starts.
          </>
        }
      />
      <LayoutSamples />
      <PresetSamples />
    </>
  )
}

function LayoutSamples() {
  const [state, set] = useUrlState()
  const layouts = useLayouts()
  const families = useQuery(SampleFamilies, {}).data?.families.nodes ?? null
  const family = state.family ?? families?.[0]?.uniqueId ?? ''
  const operation = useMemo(() => previewsOperation(layouts), [layouts])
  const asked = useQuery(operation, previewsVariables(family, layouts), { skip: layouts.length === 0 || !family })
  const previews = readPreviews(asked.data, layouts)
  return (
    <Section
      title="Layouts of families' previews"
      aside={
        families &&
        families.length > 0 && (
          <Select
            label="Sample"
            value={family}
            choices={families.map(({ uniqueId, name }) => ({ value: uniqueId, label: name.slice(0, 60) }))}
            onChange={(value) => set({ family: value }, { replace: true })}
          />
        )
      }
    >
      {families?.length === 0 && <NothingYet />}
      <ul class="samples">
        {layouts.map(({ name, width, height, cells, background, watermark, formats }, at) => {
          const preview = previews[at]
          return (
            <li key={name} class="sample">
              <a
                class="sample-well"
                href={family ? `/families/${family}?layout=${encodeURIComponent(name)}` : '/families'}
              >
                {preview && (
                  <Picture
                    src={preview.url}
                    alt={`A family in the layout ${name}`}
                    width={width}
                    height={height}
                    isTransparent={background === null}
                  />
                )}
              </a>
              <h3>{name}</h3>
              <p class="muted small">
                {width} × {height} px · up to {plural(cells, 'item')} · {groundWords(background)}
                {watermark && ' · watermark'} · {formats.join(', ')}
              </p>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

function PresetSamples() {
  const [state, set] = useUrlState()
  const { presets } = usePresets()
  const seed = Number.isInteger(Number(state.sample)) ? Number(state.sample) : 0
  const sample = useQuery(SampleItem, { seed }).data?.items.nodes
  const item = sample?.[0]
  const operation = useMemo(() => variantsOperation(presets), [presets])
  const asked = useQuery(operation, variantsVariables(item?.uniqueId ?? '', presets), {
    skip: presets.length === 0 || !item,
  })
  const variants = readVariants(asked.data, presets)
  return (
    <Section
      title="Presets of items' pictures"
      aside={
        item && (
          <Button kind="quiet" icon="again" onClick={() => set({ sample: String(seed + 1) }, { replace: true })}>
            Another item
          </Button>
        )
      }
    >
      {sample?.length === 0 && <NothingYet />}
      <ul class="samples presets">
        {presets.map((preset) => {
          const { name, width, height, background, watermark, backfill, formats } = preset
          const variant = variants.find((each) => each.preset === preset)
          return (
            <li key={name} class="sample">
              <a
                class="sample-well"
                href={item ? `/item/${item.uniqueId}?preset=${encodeURIComponent(name)}` : '/catalogue'}
              >
                {variant && (variant.status === 'READY' || variant.status === 'PENDING') && (
                  <Picture
                    src={variant.url}
                    alt={`${item?.name.slice(0, 100)} in the preset ${name}`}
                    width={variant.width}
                    height={variant.height}
                    isTransparent={background === 'transparent'}
                  />
                )}
              </a>
              <h3>{name}</h3>
              <p class="muted small">
                {width} × {height} px · {groundWords(background)}
                {watermark && ' · watermark'} · {formats.join(', ')} ·{' '}
                {backfill ? 'made by backfills' : 'made on request'}
              </p>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

const groundWords = (background: string | null | undefined): string =>
  !background || background === 'transparent' ? 'transparent' : `on ${background}`

function NothingYet() {
  return (
    <Empty title="There is nothing to show a sample of yet.">
      <p>
        <code>npm run import -- PATH</code> imports a folder of SVGs.
      </p>
    </Empty>
  )
}
