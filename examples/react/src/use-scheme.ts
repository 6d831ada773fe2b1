import { useEffect, useState, useSyncExternalStore } from 'react'

export type Scheme = 'light' | 'dark'

const system = matchMedia('(prefers-color-scheme: dark)')
const subscribe = (changed: () => void) => {
  system.addEventListener('change', changed)
  return () => system.removeEventListener('change', changed)
}
const kept = (): Scheme | null => {
  const scheme = localStorage.getItem('scheme')
  return scheme === 'light' || scheme === 'dark' ? scheme : null
}

/** The reader's choice, or else the system's scheme, and a function to switch it. */
export function useScheme(): [scheme: Scheme, toggle: () => void] {
  const isDark = useSyncExternalStore(subscribe, () => system.matches)
  const [chosen, setChosen] = useState(kept)
  const scheme = chosen ?? (isDark ? 'dark' : 'light')
  useEffect(() => {
    document.documentElement.dataset.scheme = scheme
  }, [scheme])
  return [
    scheme,
    () => {
      const next = scheme === 'dark' ? 'light' : 'dark'
      localStorage.setItem('scheme', next)
      setChosen(next)
    },
  ]
}
