import { useEffect, useMemo } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import { usePresets } from '../../data/presets.ts'
import { useQuery } from '../../data/query.ts'
import { viewer } from '../../data/session.ts'
import { useUrlState } from '../../data/url-state.ts'
import { ItemPage, type ItemPageQuery } from '../../generated.ts'
import { Empty, Problem } from '../../ui/notice.tsx'
import { PageHead, Section } from '../../ui/section.tsx'
import { fullTime } from '../../words.ts'
import { Failure } from './failure.tsx'
import { History } from './history.tsx'
import { Playground } from './playground.tsx'
import { Similar } from './similar.tsx'
import { UseIt } from './use-it.tsx'
import { VariantTable } from './variant-table.tsx'
import { readVariants, variantsOperation, variantsVariables } from './variants.ts'
import { Viewer } from './viewer.tsx'
import './item.css'

/** While a picture of the item is missing, it may be made at any moment. */
const EVERY_MS = 5000

/** One item: its picture, all its variants, how to use it, what failed and what mends it. */
export default function Item() {
  const { params } = useRoute()
  const uniqueId = params.id ?? ''
  const [state, set] = useUrlState()
  const { presets, shown } = usePresets()
  const page = useQuery(ItemPage, { uniqueId })
  const operation = useMemo(() => variantsOperation(presets), [presets])
  const asked = useQuery(operation, variantsVariables(uniqueId, presets), {
    everyMs: EVERY_MS,
    skip: presets.length === 0,
  })
  const variants = readVariants(asked.data, presets)
  useBackOnEscape()

  if (page.error) return <Problem error={page.error} what="The item cannot be shown." onRetry={page.reload} />
  const own = viewer.value?.vendor?.username
  const isForeign = own !== undefined && page.data?.item?.vendor.username !== own
  if (page.data && (!page.data.item || isForeign)) return <Missing uniqueId={uniqueId} />
  const item = page.data?.item ?? null
  const current =
    variants.find(({ preset, format }) => preset.name === state.preset && (!state.format || format === state.format)) ??
    variants.find(({ preset }) => preset.name === shown)
  const failed = variants.find(({ status }) => status === 'FAILED')
  return (
    <>
      <PageHead title={item?.name.slice(0, 200) ?? 'Item'} lead={item ? <Way item={item} /> : <>&nbsp;</>} />
      {asked.error && !asked.data && (
        <Problem error={asked.error} what="The pictures cannot be shown." onRetry={asked.reload} />
      )}
      <div class="item">
        <Viewer
          uniqueId={uniqueId}
          variant={current}
          variants={variants}
          name={item?.name ?? ''}
          placeholder={item?.placeholder ?? null}
          onBroken={asked.reload}
        />
        <div class="item-side">
          {failed && <Failure uniqueId={uniqueId} onRetried={asked.reload} />}
          {item && <Facts item={item} />}
          {shown && !failed && (
            <UseIt uniqueId={uniqueId} preset={current?.preset.name ?? shown} url={current?.url ?? null} />
          )}
        </div>
      </div>
      <Section title="Variants">
        <VariantTable
          variants={variants}
          current={current}
          onChoose={({ preset, format }) => set({ preset: preset.name, format }, { replace: true })}
        />
      </Section>
      <Section title="Playground">
        <Playground uniqueId={uniqueId} />
      </Section>
      {shown && <Similar uniqueId={uniqueId} preset={shown} />}
      <Section title="History">
        {item && <History uniqueId={uniqueId} createdAt={item.createdAt} variants={variants} />}
      </Section>
    </>
  )
}

function Way({ item }: { item: NonNullable<ItemPageQuery['item']> }) {
  const { vendor, family, iconSet } = item
  return (
    <span class="item-way wrap">
      <a href={`/catalogue?vendor=${encodeURIComponent(vendor.username)}`}>{vendor.name}</a> ›{' '}
      <a href={`/catalogue?family=${family.uniqueId}`}>{family.name}</a> ›{' '}
      <a href={`/catalogue?set=${iconSet.uniqueId}`}>{iconSet.name}</a>
    </span>
  )
}

function Facts({ item }: { item: NonNullable<ItemPageQuery['item']> }) {
  const { license, author, attribution, tags, aliases, palette, uniqueId, slug, kind, createdAt } = item
  const rows: readonly (readonly [string, preact.ComponentChildren])[] = [
    ['Kind', kind === 'ICON' ? 'icon' : 'illustration'],
    [
      'Licence',
      license ? (
        license.url ? (
          <LicenceLink url={license.url}>{license.title}</LicenceLink>
        ) : (
          license.title
        )
      ) : (
        'not stated'
      ),
    ],
    ['Author', author],
    ['Credit', attribution],
    ['Tags', tags.length > 0 && tags.slice(0, 30).join(', ')],
    ['Aliases', aliases.length > 0 && aliases.slice(0, 30).join(', ')],
    ['Colours', palette.length > 0 && <Palette colors={palette} />],
    ['Id', <code key="id">{uniqueId}</code>],
    ['Slug', <code key="slug">{slug.slice(0, 200)}</code>],
    ['Added', fullTime(createdAt)],
  ]
  return (
    <dl class="facts">
      {rows.map(([name, value]) =>
        value ? (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="wrap">{value}</dd>
          </div>
        ) : null,
      )}
    </dl>
  )
}

/** A vendor's URL is data: only what a browser would open as a page becomes a link. */
function LicenceLink({ url, children }: { url: string; children: string }) {
  if (!/^https?:\/\//i.test(url)) return <>{children}</>
  return (
    <a class="link" href={url} rel="noreferrer noopener" target="_blank">
      {children}
    </a>
  )
}

function Palette({ colors }: { colors: readonly string[] }) {
  return (
    <span class="row wrapping">
      {colors.map((color) => (
        <span key={color} class="swatch">
          <i style={{ backgroundColor: color }} />
          <code>{color}</code>
        </span>
      ))}
    </span>
  )
}

function Missing({ uniqueId }: { uniqueId: string }) {
  return (
    <>
      <PageHead title="There is no such item" />
      <Empty title={`No item has the id ${uniqueId.slice(0, 40)}.`}>
        <p>
          It may have been removed by its vendor. <a href={`/why?url=${encodeURIComponent(uniqueId)}`}>Explain it</a>,
          or <a href="/catalogue">look in the catalogue</a>.
        </p>
      </Empty>
    </>
  )
}

/** Escape leads back to the list that one came from, and to the catalogue from elsewhere. */
function useBackOnEscape(): void {
  const { route } = useLocation()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLInputElement && /^(?:text|search|password|color)$/.test(event.target.type)
      const isFree = !isTyping && !document.querySelector(':popover-open, dialog[open]')
      if (event.key !== 'Escape' || !isFree) return
      // Of this origin alone, unlike the length of the history. Not every browser has it.
      if ('navigation' in window && window.navigation.canGoBack) history.back()
      else route('/catalogue')
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [route])
}
