import { useEffect, useState } from 'preact/hooks'
import { request } from '../data/client.ts'
import { Suggest, type SuggestQuery } from '../generated.ts'

export type Suggestions = SuggestQuery['suggest']

const NONE: Suggestions = []
/** Not each key of a fast typist is asked for. */
const SETTLED_MS = 120
const PREFIX_MAX = 100

/** Completions of what is being typed; none of nothing, nor of an address. */
export function useSuggestions(text: string, isAsking: boolean): Suggestions {
  const [found, setFound] = useState<{ text: string; suggestions: Suggestions }>({ text: '', suggestions: NONE })
  const prefix = text.trim()
  const isAsked = isAsking && prefix.length > 0 && prefix.length <= PREFIX_MAX && !prefix.includes('/')
  useEffect(() => {
    if (!isAsked) return
    const aborting = new AbortController()
    const timer = setTimeout(() => {
      request(Suggest, { prefix }, aborting).then(
        ({ suggest }) => setFound({ text: prefix, suggestions: suggest }),
        // A search works without them.
        () => {},
      )
    }, SETTLED_MS)
    return () => {
      clearTimeout(timer)
      aborting.abort()
    }
  }, [prefix, isAsked])
  return isAsked && found.text !== '' ? found.suggestions : NONE
}
