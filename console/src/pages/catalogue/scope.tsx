import type { ComponentChildren } from 'preact'
import { usePresets } from '../../data/presets.ts'
import { useQuery } from '../../data/query.ts'
import { viewer } from '../../data/session.ts'
import { FamilySets, type FamilySetsQuery, SetName, VendorFamilies, Vendors } from '../../generated.ts'
import { moveInGrid } from '../../shell/keys.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Picture } from '../../ui/picture.tsx'
import { plural } from '../../words.ts'

/** As many as an overview of a level shows; the search finds the others. */
const SHOWN = { first: 48 }

type State = Readonly<Record<string, string | undefined>>

/** The way down: where one is, and what is directly below it. Below a search only the way is shown. */
export function Scope({ state, isSearching }: { state: State; isSearching: boolean }) {
  if (state.set) return <SetLevel uniqueId={state.set} />
  if (state.family) return <FamilyLevel uniqueId={state.family} isSearching={isSearching} />
  if (state.vendor) return <VendorLevel username={state.vendor} isSearching={isSearching} />
  return isSearching ? null : <VendorsLevel />
}

function Way({ children, plan, preview }: { children: ComponentChildren; plan: string; preview?: string }) {
  return (
    <div class="way-row">
      <nav class="way" aria-label="Where you are">
        <a href="/catalogue">{viewer.value?.vendor ? 'Your catalogue' : 'All vendors'}</a>
        {children}
      </nav>
      <div class="row">
        {preview && <LinkButton href={preview}>Preview</LinkButton>}
        <LinkButton href={`/backfills/new?${plan}`}>Plan a backfill</LinkButton>
      </div>
    </div>
  )
}

function Step({ href, children }: { href?: string; children: ComponentChildren }) {
  return (
    <>
      <Icon name="next" size={14} />
      {href ? (
        <a class="clip" href={href}>
          {children}
        </a>
      ) : (
        <strong class="clip">{children}</strong>
      )}
    </>
  )
}

const vendorHref = (username: string) => `/catalogue?vendor=${encodeURIComponent(username)}`
const familyHref = (uniqueId: string) => `/catalogue?family=${uniqueId}`

/** The first vendors, each with the preview of a family. */
export function VendorsLevel() {
  const vendors = useQuery(Vendors, SHOWN).data?.vendors
  return (
    <Tiles isLoading={!vendors}>
      {vendors?.nodes.map(({ username, name, families }) => (
        <Tile
          key={username}
          href={vendorHref(username)}
          name={name}
          note={plural(families.totalCount, 'family', 'families')}
          preview={families.nodes[0]?.preview ?? null}
        />
      ))}
    </Tiles>
  )
}

function VendorLevel({ username, isSearching }: { username: string; isSearching: boolean }) {
  const query = useQuery(VendorFamilies, { username, ...SHOWN })
  const vendor = query.data?.vendor
  return (
    <>
      <Way plan={`vendor=${encodeURIComponent(username)}`}>
        <Step>{vendor?.name ?? username}</Step>
      </Way>
      {!isSearching && (
        <Tiles isLoading={!query.data}>
          {vendor?.families.nodes.map(({ uniqueId, name, license, preview }) => (
            <Tile
              key={uniqueId}
              href={familyHref(uniqueId)}
              name={name}
              note={license?.spdx ?? license?.title ?? ''}
              preview={preview}
            />
          ))}
        </Tiles>
      )}
    </>
  )
}

function FamilyLevel({ uniqueId, isSearching }: { uniqueId: string; isSearching: boolean }) {
  const { shown } = usePresets()
  const query = useQuery(FamilySets, { uniqueId, preset: shown ?? '', ...SHOWN }, { skip: shown === null })
  const family = query.data?.family
  return (
    <>
      <Way plan={`family=${uniqueId}`} preview={`/families/${uniqueId}`}>
        {family && <Step href={vendorHref(family.vendor.username)}>{family.vendor.name}</Step>}
        <Step>{family?.name ?? uniqueId}</Step>
      </Way>
      {!isSearching && (
        <Tiles isLoading={!query.data}>
          {family?.iconSets.nodes.map((set) => (
            <SetTile key={set.uniqueId} {...set} />
          ))}
        </Tiles>
      )}
    </>
  )
}

function SetLevel({ uniqueId }: { uniqueId: string }) {
  const set = useQuery(SetName, { uniqueId }).data?.iconSet
  return (
    <Way plan={`set=${uniqueId}`}>
      {set && (
        <>
          <Step href={vendorHref(set.vendor.username)}>{set.vendor.name}</Step>
          <Step href={familyHref(set.family.uniqueId)}>{set.family.name}</Step>
        </>
      )}
      <Step>{set?.name ?? uniqueId}</Step>
    </Way>
  )
}

function Tiles({ isLoading, children }: { isLoading: boolean; children: ComponentChildren }) {
  return (
    <ul class="tiles" onKeyDown={moveInGrid} aria-busy={isLoading}>
      {isLoading ? Array.from({ length: 3 }, (_, at) => <li key={at} class="tile skeleton tile-blank" />) : children}
    </ul>
  )
}

interface TileProps {
  readonly href: string
  readonly name: string
  readonly note: string
  readonly preview: { readonly url: string; readonly width: number; readonly height: number } | null
}

function Tile({ href, name, note, preview }: TileProps) {
  return (
    <li class="tile">
      <a class="tile-link" href={href} title={name.slice(0, 300)}>
        <span class="tile-picture">
          {preview && <Picture src={preview.url} alt="" width={preview.width} height={preview.height} />}
        </span>
        <span class="row apart tile-foot">
          <strong class="clip">{name.slice(0, 120)}</strong>
          <span class="muted small nowrap">{note}</span>
        </span>
      </a>
    </li>
  )
}

type SetOf = NonNullable<FamilySetsQuery['family']>['iconSets']['nodes'][number]

function SetTile({ uniqueId, name, items }: SetOf) {
  return (
    <li class="tile">
      <a class="tile-link" href={`/catalogue?set=${uniqueId}`} title={name.slice(0, 300)}>
        <span class="tile-four">
          {items.nodes.map((item) => (
            <Picture
              key={item.uniqueId}
              src={item.image.url}
              alt=""
              width={item.image.width}
              height={item.image.height}
              placeholder={item.placeholder}
            />
          ))}
        </span>
        <span class="row apart tile-foot">
          <strong class="clip">{name.slice(0, 120)}</strong>
          <span class="muted small nowrap">{plural(items.totalCount, 'item')}</span>
        </span>
      </a>
    </li>
  )
}
