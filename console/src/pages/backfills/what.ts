import type { BackfillFieldsFragment } from '../../generated.ts'

type Backfill = BackfillFieldsFragment

/** What a backfill was started for, as a person would say it, and where that is in the catalogue. */
export function scopeWords({ scope }: Pick<Backfill, 'scope'>): { readonly text: string; readonly href: string } {
  switch (scope?.__typename) {
    case 'Vendor':
      return { text: scope.name.slice(0, 80), href: `/catalogue?vendor=${encodeURIComponent(scope.username)}` }
    case 'Family':
      return { text: scope.name.slice(0, 80), href: `/catalogue?family=${scope.uniqueId}` }
    case 'IconSet':
      return { text: `the set ${scope.name.slice(0, 80)}`, href: `/catalogue?set=${scope.uniqueId}` }
    default:
      return { text: 'the whole catalogue', href: '/catalogue' }
  }
}

/** Mode, formats, codes and previews, as far as they were chosen. */
export const optionWords = ({ mode, formats, codes, previews }: Backfill): string =>
  [
    codes.length > 0 ? `failed with ${codes.join(', ')}` : mode.toLowerCase(),
    ...(formats.length > 0 ? [`as ${formats.join(', ')}`] : []),
    ...(previews ? ['with families’ previews'] : []),
  ].join(' · ')

/** Whether two are of the same work, so that their figures can be compared. */
export const isAlike = (a: Backfill, b: Backfill): boolean =>
  a.mode === b.mode &&
  scopeWords(a).href === scopeWords(b).href &&
  a.presets.join() === b.presets.join() &&
  a.formats.join() === b.formats.join()
