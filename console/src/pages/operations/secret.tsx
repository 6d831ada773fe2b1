import { Button } from '../../ui/button.tsx'
import { Copy } from '../../ui/copy.tsx'

/** A secret that is shown once, until it is put away. */
export function Secret({ what, secret, onDone }: { what: string; secret: string; onDone: () => void }) {
  return (
    <div class="secret stack" role="status">
      <p>
        <strong class="wrap">{what}</strong> Copy it now: it is not stored, and cannot be shown again.
      </p>
      <p class="row">
        <code class="wrap">{secret}</code>
        <Copy text={secret} label="Copy the secret" />
      </p>
      <p>
        <Button onClick={onDone}>I have copied it</Button>
      </p>
    </div>
  )
}
