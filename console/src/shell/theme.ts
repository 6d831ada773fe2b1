import { effect, signal } from '@preact/signals'

const KEY = 'afterimage-theme'
const THEMES = ['system', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

const isTheme = (text: string | null): text is Theme => THEMES.some((each) => each === text)
const stored = localStorage.getItem(KEY)

/** Light, dark, or as the system is; kept for the next visit. */
export const theme = signal<Theme>(isTheme(stored) ? stored : 'system')

effect(() => {
  const { dataset } = document.documentElement
  if (theme.value === 'system') delete dataset.theme
  else dataset.theme = theme.value
  localStorage.setItem(KEY, theme.value)
})

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system'
}
