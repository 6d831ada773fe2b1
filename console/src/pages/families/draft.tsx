import { useState } from 'preact/hooks'
import { usePresets } from '../../data/presets.ts'
import { useMutation, useQuery } from '../../data/query.ts'
import { useUrlState } from '../../data/url-state.ts'
import { Draft as DraftDocument, KeepPreview, Members, type PreviewFieldsFragment } from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Segments } from '../../ui/form.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Problem } from '../../ui/notice.tsx'
import { Picture } from '../../ui/picture.tsx'
import { toast } from '../../ui/toast.tsx'
import { bytes, plural } from '../../words.ts'
import { Cells, type DraftOf } from './cells.tsx'
import type { Layout } from './layouts.ts'
import { anotherSeed, printIds, readSettings, UNCHANGED } from './settings.ts'

const CLICKS = [
  { value: 'pin', label: 'Pin' },
  { value: 'exclude', label: 'Exclude' },
] as const

/** What is shown now beside what would be shown; a click on an item of the draft pins or excludes it. */
export function Draft({
  family,
  layout,
  current,
  onKept,
}: {
  family: string
  layout: Layout
  current: PreviewFieldsFragment | null
  onKept: () => void
}) {
  const [state, set] = useUrlState()
  const { shown } = usePresets()
  const [click, setClick] = useState<(typeof CLICKS)[number]['value']>('pin')
  const [last, setLast] = useState<DraftOf | null>(null)
  const settings = readSettings(state)
  const asked = useQuery(
    DraftDocument,
    { family, layout: layout.name, ...settings, preset: shown ?? '' },
    { skip: shown === null },
  )
  const keeping = useMutation(KeepPreview)
  // The last one stays while the next one is drawn: nothing jumps.
  if (asked.data && asked.data.draftPreview !== last) setLast(asked.data.draftPreview)
  const draft = asked.data?.draftPreview ?? last
  const isChanged = settings.seed !== null || settings.pin !== null || settings.exclude !== null
  const isWaiting = asked.isLoading && !asked.data
  const why = whyToWait({ isChanged, isWaiting, isRefused: asked.error !== null })

  const keep = async (only: string | null) => {
    if (!draft) return
    const { seed, pinned, excluded } = draft
    if (!(await keeping.run({ family, layout: only, seed, pin: pinned, exclude: excluded }))) return
    toast(only ? `The preview is kept in the layout ${only}.` : 'The preview is kept in every layout.')
    onKept()
    set(UNCHANGED, { replace: true })
  }
  const toggle = (id: string) => {
    if (!draft) return
    const { pinned, excluded } = draft
    const without = (ids: readonly string[]) => ids.filter((each) => each !== id)
    if (click === 'exclude')
      return set({ exclude: printIds([...without(excluded), id]), pin: printIds(without(pinned)) })
    set({ pin: printIds(pinned.includes(id) ? without(pinned) : [...pinned, id]) })
  }
  return (
    <>
      <div class="draft-bar">
        <Button icon="again" isBusy={isWaiting} onClick={() => set({ seed: anotherSeed() })}>
          Another seed
        </Button>
        <span class="row">
          <span class="muted small">A click on an item</span>
          <Segments label="What a click on an item does" value={click} choices={CLICKS} onChange={setClick} />
        </span>
        <span class="draft-keep row wrapping">
          <Button kind="quiet" why={isChanged ? null : 'Nothing is changed yet.'} onClick={() => set(UNCHANGED)}>
            Start over
          </Button>
          <Button
            why={why}
            isBusy={keeping.isBusy}
            onClick={() => keep(layout.name)}
          >{`Keep in ${layout.name}`}</Button>
          <Button kind="primary" why={why} isBusy={keeping.isBusy} onClick={() => keep(null)}>
            Keep in every layout
          </Button>
        </span>
      </div>
      {keeping.error && <Problem error={keeping.error} what="It was not kept." />}
      {asked.error && <Problem error={asked.error} what="There is no such draft." onRetry={asked.reload} />}
      <div class={`draft${layout.width / layout.height > 4 ? ' stacked' : ''}`}>
        <CurrentPreview layout={layout} preview={current} />
        <figure class="preview-side" aria-busy={isWaiting}>
          <figcaption class="row apart">
            <strong>{isChanged ? 'Draft' : 'Draft, as it is now'}</strong>
            <span class="muted small nowrap">{draft ? `seed ${draft.seed}` : '\u00a0'}</span>
          </figcaption>
          <div class={isWaiting ? 'preview-well waiting' : 'preview-well'}>
            {draft && last ? (
              <Cells draft={draft} action={click} onClick={toggle} />
            ) : (
              <span class="skeleton" style={{ aspectRatio: `${layout.width} / ${layout.height}` }} />
            )}
          </div>
        </figure>
      </div>
      {draft && shown && (
        <div class="draft-lists">
          <Chosen title="Pinned" ids={draft.pinned} preset={shown} onRemove={(ids) => set({ pin: printIds(ids) })}>
            Click an item of the draft: it is shown whatever the seed.
          </Chosen>
          <Chosen
            title="Excluded"
            ids={draft.excluded}
            preset={shown}
            onRemove={(ids) => set({ exclude: printIds(ids) })}
          >
            Choose “Exclude”, then click an item: it is never shown.
          </Chosen>
        </div>
      )}
    </>
  )
}

function whyToWait(draft: { isChanged: boolean; isWaiting: boolean; isRefused: boolean }): string | null {
  if (draft.isRefused) return 'There is no such draft to keep.'
  if (draft.isWaiting) return 'The draft is being drawn.'
  return draft.isChanged ? null : 'Nothing is changed yet: try another seed, or pin an item.'
}

/** The picture that everybody gets now. */
export function CurrentPreview({ layout, preview }: { layout: Layout; preview: PreviewFieldsFragment | null }) {
  return (
    <figure class="preview-side">
      <figcaption class="row apart">
        <strong>Now</strong>
        <span class="muted small nowrap">
          {preview?.bytes ? `${preview.format} · ${bytes(preview.bytes)}` : (preview?.format ?? '\u00a0')}
        </span>
      </figcaption>
      <div class="preview-well">
        {preview ? (
          <Picture
            src={preview.url}
            alt={`The preview in the layout ${layout.name}, as it is now`}
            width={preview.width}
            height={preview.height}
            isLazy={false}
            isTransparent={layout.background === null}
          />
        ) : (
          <span class="card-none" style={{ aspectRatio: `${layout.width} / ${layout.height}` }}>
            This family has nothing to show.
          </span>
        )}
      </div>
    </figure>
  )
}

/** Of a long list, the first are shown. */
const SHOWN_MAX = 60

function Chosen({
  title,
  ids,
  preset,
  onRemove,
  children,
}: {
  title: string
  ids: readonly string[]
  preset: string
  onRemove: (ids: readonly string[]) => void
  children: string
}) {
  const asked = useQuery(Members, { ids: ids.slice(0, SHOWN_MAX), preset }, { skip: ids.length === 0 })
  const items = ids.length === 0 ? [] : (asked.data?.nodes ?? [])
  return (
    <section class="stack" aria-label={title}>
      <h2>
        {title} {ids.length > 0 && <span class="muted small">{plural(ids.length, 'item')}</span>}
      </h2>
      {ids.length === 0 && <p class="muted small">{children}</p>}
      <ul class="picked">
        {items.map((item) =>
          item && 'uniqueId' in item ? (
            <li key={item.uniqueId}>
              <button
                type="button"
                class="picked-item"
                aria-label={`${title}: ${item.name.slice(0, 100)}. Take it out.`}
                title={item.name.slice(0, 300)}
                onClick={() => onRemove(ids.filter((each) => each !== item.uniqueId))}
              >
                <Picture
                  src={item.image.url}
                  alt=""
                  width={item.image.width}
                  height={item.image.height}
                  placeholder={item.placeholder}
                />
                <Icon name="close" size={14} />
              </button>
            </li>
          ) : null,
        )}
      </ul>
    </section>
  )
}
