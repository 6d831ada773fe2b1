import type { ComponentChildren } from 'preact'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'

/** Asks before what cannot be undone. */
export function Confirm(props: {
  title: string
  action: string
  isOpen: boolean
  isBusy: boolean
  onClose: () => void
  onConfirm: () => unknown
  children: ComponentChildren
}) {
  return (
    <Dialog title={props.title} isOpen={props.isOpen} onClose={props.onClose}>
      <p class="wrap">{props.children}</p>
      <div class="row">
        <Button kind="danger" isBusy={props.isBusy} onClick={props.onConfirm}>
          {props.action}
        </Button>
        <Button kind="quiet" onClick={props.onClose}>
          Keep it
        </Button>
      </div>
    </Dialog>
  )
}
