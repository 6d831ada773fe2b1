import { useState } from 'preact/hooks'
import { Icon } from './icon.tsx'
import { toast } from './toast.tsx'

/** How long the tick shows. */
const TICK_MS = 1500

export function Copy({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), TICK_MS)
    } catch {
      toast('The browser does not let this page copy: select the text instead.', 'failed')
    }
  }
  return (
    <button
      type="button"
      class="button quiet square"
      aria-label={isCopied ? 'Copied' : label}
      title={label}
      onClick={() => void copy()}
    >
      <Icon name={isCopied ? 'check' : 'copy'} />
    </button>
  )
}
