import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { Icon, type IconName } from './icon.tsx'
import { toast } from './toast.tsx'

interface ButtonProps {
  readonly children?: ComponentChildren
  readonly icon?: IconName
  readonly kind?: 'plain' | 'primary' | 'quiet' | 'danger'
  readonly type?: 'button' | 'submit'
  /** Why it cannot be pressed now: shown on hover and focus, and said when it is pressed all the same. */
  readonly why?: string | null
  readonly isBusy?: boolean
  readonly onClick?: () => unknown
  readonly label?: string
  readonly popovertarget?: string
  readonly pressed?: boolean
}

export function Button(props: ButtonProps) {
  const { children, icon, kind = 'plain', type = 'button', why = null, isBusy = false, onClick, label } = props
  const reason = useId()
  const isOff = why !== null || isBusy
  return (
    <span class="button-place">
      <button
        type={isOff ? 'button' : type}
        class={`button ${kind}${children ? '' : ' square'}`}
        aria-disabled={isOff || undefined}
        aria-busy={isBusy || undefined}
        aria-describedby={why ? reason : undefined}
        aria-label={label}
        aria-pressed={props.pressed}
        title={children ? undefined : label}
        popovertarget={props.popovertarget}
        onClick={() => {
          if (why) toast(why, 'failed')
          else if (!isBusy) void onClick?.()
        }}
      >
        {icon && <Icon name={icon} />}
        {children}
      </button>
      {why && (
        <span class="reason" id={reason} role="tooltip">
          {why}
        </span>
      )}
    </span>
  )
}

/** A link that looks like a button. */
export function LinkButton({
  href,
  icon,
  kind = 'plain',
  children,
}: Pick<ButtonProps, 'icon' | 'kind' | 'children'> & { href: string }) {
  return (
    <a class={`button ${kind}`} href={href}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  )
}
