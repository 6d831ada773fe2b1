import type { Signal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

interface InputProps {
  readonly id: string
  readonly 'aria-invalid': boolean
  readonly 'aria-describedby': string | undefined
}

/** A labelled input with its hint, or with what is wrong about what was given. */
export function Field({
  label,
  hint,
  problem,
  children,
}: {
  label: string
  hint?: ComponentChildren
  problem?: string | null
  children: (props: InputProps) => JSX.Element
}) {
  const id = useId()
  const more = `${id}-more`
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-invalid': Boolean(problem), 'aria-describedby': problem || hint ? more : undefined })}
      {(problem || hint) && (
        <p id={more} class={problem ? 'field-problem wrap' : 'muted small'}>
          {problem ?? hint}
        </p>
      )}
    </div>
  )
}

/** A field of one line that is bound to a signal. The browser completes nothing in it. */
export function TextField({
  label,
  problem,
  value,
  onInput,
  ...input
}: {
  label: string
  problem?: string | null
  value: Signal<string>
  /** After the signal has what was typed. */
  onInput?: () => void
  placeholder?: string
  maxLength?: number
  /** Off by default: most fields hold names and addresses. */
  spellcheck?: boolean
} & ({ type?: 'text' } | { type: 'url' } | { type: 'password' })) {
  return (
    <Field label={label} problem={problem ?? null}>
      {(props) => (
        <input
          {...props}
          class="input"
          autocomplete="off"
          spellcheck={false}
          {...input}
          value={value.value}
          onInput={({ currentTarget }) => {
            value.value = currentTarget.value
            onInput?.()
          }}
        />
      )}
    </Field>
  )
}

export interface Choice<Value extends string> {
  readonly value: Value
  readonly label: string
}

export function Select<Value extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  label: string
  value: Value
  choices: readonly Choice<Value>[]
  onChange: (value: Value) => void
}) {
  const id = useId()
  return (
    <span class="select">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value as Value)}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </span>
  )
}

/** One of a few, all visible. */
export function Segments<Value extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  label: string
  value: Value
  choices: readonly Choice<Value>[]
  onChange: (value: Value) => void
}) {
  const name = useId()
  return (
    <fieldset class="segments">
      <legend class="hidden">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value} class={choice.value === value ? 'segment chosen' : 'segment'}>
          <input
            class="hidden"
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          {choice.label}
        </label>
      ))}
    </fieldset>
  )
}

export function Check({
  label,
  hint,
  checked,
  onChange,
}: {
  label: ComponentChildren
  hint?: string
  checked: boolean
  onChange: (checked: boolean) => void
}) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
      <span>
        {label}
        {hint && <span class="muted small"> {hint}</span>}
      </span>
    </label>
  )
}
