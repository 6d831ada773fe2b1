import { useQuery } from '../../data/query.ts'
import { useUrlState } from '../../data/url-state.ts'
import { ItemUse, type ItemUseQuery } from '../../generated.ts'
import { Copy } from '../../ui/copy.tsx'
import { Segments } from '../../ui/form.tsx'

type PictureOf = NonNullable<NonNullable<ItemUseQuery['item']>['picture']>

const KINDS = [
  { value: 'picture', label: '<picture>' },
  { value: 'url', label: 'URL' },
  { value: 'stable', label: 'Stable URL' },
  { value: 'graphql', label: 'GraphQL' },
] as const
type Kind = (typeof KINDS)[number]['value']

const HINTS: Readonly<Record<Kind, string>> = {
  picture: 'For a page: the right size and format for each screen.',
  url: 'Immutable: it shows this picture for good, and may be cached for ever.',
  stable: 'Leads to the current picture, also after the source or a preset has changed: for e-mail and documents.',
  graphql: 'Ask for it yourself at /graphql.',
}

/** What to copy to show this item elsewhere. */
export function UseIt({ uniqueId, preset, url }: { uniqueId: string; preset: string; url: string | null }) {
  const [state, set] = useUrlState()
  const kind = KINDS.find(({ value }) => value === state.use)?.value ?? 'picture'
  const picture = useQuery(ItemUse, { uniqueId, preset }).data?.item?.picture
  const text = picture ? snippetOf(kind, { picture, uniqueId, preset, url }) : ''
  return (
    <div class="use-it stack">
      <div class="row apart wrapping">
        <h2>Use it</h2>
        <Segments
          label="What to copy"
          value={kind}
          choices={KINDS}
          onChange={(use) => set({ use }, { replace: true })}
        />
      </div>
      <div class="snippet">
        <pre>{text || ' '}</pre>
        <Copy text={text} label="Copy the snippet" />
      </div>
      <p class="muted small">{HINTS[kind]}</p>
    </div>
  )
}

function snippetOf(
  kind: Kind,
  { picture, uniqueId, preset, url }: { picture: PictureOf; uniqueId: string; preset: string; url: string | null },
): string {
  if (kind === 'url') return url ?? picture.src
  if (kind === 'stable') return picture.stableUrl
  if (kind === 'graphql')
    return `{\n  item(uniqueId: "${uniqueId}") {\n    picture(preset: ${JSON.stringify(preset)}) { src srcSet width height alt }\n  }\n}`
  const { src, srcSet, width, height, alt, sources } = picture
  return [
    '<picture>',
    ...sources.map(
      (each) => `  <source type="${escapeText(each.type)}" srcset="${escapeText(each.srcSet)}" sizes="${width}px">`,
    ),
    `  <img src="${escapeText(src)}"`,
    `    srcset="${escapeText(srcSet).replaceAll(', ', ',\n      ')}"`,
    `    sizes="${width}px" width="${width}" height="${height}" alt="${escapeText(alt)}" loading="lazy">`,
    '</picture>',
  ].join('\n')
}

/** For attributes in double quotes: names come from vendors. */
const escapeText = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
