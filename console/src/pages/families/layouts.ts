import type { Operation } from '../../data/client.ts'
import { useQuery } from '../../data/query.ts'
import { Layouts, type LayoutsQuery, type PreviewFieldsFragment, PreviewFieldsText } from '../../generated.ts'

export type Layout = LayoutsQuery['layouts'][number]

type Answer = { readonly family: Readonly<Record<string, PreviewFieldsFragment | null>> | null }

export const useLayouts = (): readonly Layout[] => useQuery(Layouts, {}).data?.layouts ?? []

/** One query for a family's preview in every layout, in its first format; the layouts are only known when it runs. */
export function previewsOperation(layouts: readonly Layout[]): Operation<Answer, Readonly<Record<string, string>>> {
  const names = layouts.map((_, at) => `$l${at}:String!`).join(' ')
  const fields = layouts.map(
    ({ formats }, at) => `l${at}:preview(layout:$l${at} format:${formats[0] ?? 'WEBP'}){...PreviewFields}`,
  )
  return {
    name: 'Previews',
    text: `query Previews($uniqueId:ID! ${names}){family(uniqueId:$uniqueId){${fields.join(' ')}}}${PreviewFieldsText}`,
  }
}

export const previewsVariables = (uniqueId: string, layouts: readonly Layout[]): Readonly<Record<string, string>> =>
  Object.fromEntries([['uniqueId', uniqueId], ...layouts.map(({ name }, at) => [`l${at}`, name])])

/** In the order of the layouts; null where the family has nothing to show. */
export const readPreviews = (
  answer: Answer | null,
  layouts: readonly Layout[],
): readonly (PreviewFieldsFragment | null)[] => layouts.map((_, at) => answer?.family?.[`l${at}`] ?? null)
