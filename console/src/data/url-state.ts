import { useCallback } from 'preact/hooks'
import { useLocation } from 'preact-iso'

/** The state of a page that is in its address. Setting a value to '' removes it. */
export function useUrlState(): readonly [
  state: Readonly<Record<string, string | undefined>>,
  set: (changes: Readonly<Record<string, string>>, options?: { replace?: boolean }) => void,
] {
  const { query, path, route } = useLocation()
  const set = useCallback(
    (changes: Readonly<Record<string, string>>, { replace = false } = {}) =>
      route(withState(path, query, changes), replace),
    [path, query, route],
  )
  return [query, set]
}

/** An address with changed state; '' removes a value. */
export function withState(
  path: string,
  query: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>>,
): string {
  const next = new URLSearchParams({ ...query, ...changes })
  for (const [name, value] of [...next]) if (!value) next.delete(name)
  return next.size > 0 ? `${path}?${next}` : path
}
