import { useEffect, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { viewer } from '../data/session.ts'
import { withState } from '../data/url-state.ts'
import { Icon } from '../ui/icon.tsx'
import { short } from '../words.ts'
import { useSuggestions } from './suggestions.ts'

/** Its list is our own: not the browser's datalist, which would imply the role. */
const COMBOBOX = { role: 'combobox', list: undefined } as const
const LABEL = "Search items, or paste a picture's address"

/** Leads to the catalogue with these words; the address of a picture leads to its explanation. */
export function SearchBox() {
  const { query, path, route } = useLocation()
  const current = path === '/catalogue' ? (query.search ?? '') : ''
  const [text, setText] = useState(current)
  const [isOpen, setOpen] = useState(false)
  const [chosen, setChosen] = useState(-1)
  const suggestions = useSuggestions(text, isOpen && !viewer.value?.vendor)
  useEffect(() => setText(current), [current])

  const go = (words: string) => {
    setOpen(false)
    setText(words)
    if (/^https?:\/\/|^\/?(?:images|i|f)\//.test(words)) return route(`/why?url=${encodeURIComponent(words)}`)
    route(withState('/catalogue', path === '/catalogue' ? query : {}, { search: words }))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      if (suggestions.length > 0) setOpen(false)
      else if (event.currentTarget instanceof HTMLElement) event.currentTarget.blur()
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step === undefined || suggestions.length === 0) return
    event.preventDefault()
    // -1 is what was typed.
    setChosen((last) => ((last + step + 1 + suggestions.length + 1) % (suggestions.length + 1)) - 1)
  }

  const combobox = {
    ...COMBOBOX,
    'aria-expanded': suggestions.length > 0,
    'aria-controls': 'suggestions',
    'aria-autocomplete': 'list',
    'aria-activedescendant': suggestions[chosen] ? `suggestion-${chosen}` : undefined,
  } as const
  return (
    <search class="search">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          go(suggestions[chosen]?.text ?? text.trim())
        }}
      >
        <Icon name="search" />
        <input
          id="search"
          type="search"
          {...combobox}
          value={text}
          maxLength={2000}
          placeholder={LABEL}
          aria-label={LABEL}
          autocomplete="off"
          onInput={({ currentTarget }) => {
            setText(currentTarget.value)
            setChosen(-1)
            setOpen(true)
          }}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
        />
        <kbd>/</kbd>
      </form>
      <div
        id="suggestions"
        role="listbox"
        aria-label="Suggestions"
        class={suggestions.length > 0 ? 'suggestions' : 'hidden'}
      >
        {suggestions.map((each, at) => (
          <button
            key={each.text}
            id={`suggestion-${at}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={at === chosen}
            class="suggestion"
            // Before the input loses its focus.
            onMouseDown={(event) => {
              event.preventDefault()
              go(each.text)
            }}
          >
            <span class="clip">{each.text}</span>
            <span class="muted small">{short(each.items)}</span>
          </button>
        ))}
      </div>
    </search>
  )
}
