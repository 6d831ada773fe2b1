import { useEffect, useRef } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { usePresets } from '../../data/presets.ts'
import { useMutation, useQuery } from '../../data/query.ts'
import { whyNot } from '../../data/session.ts'
import { useUrlState } from '../../data/url-state.ts'
import {
  type BackfillInput,
  type BackfillMode,
  PlanBackfill,
  type PlanBackfillQuery,
  ScopeChoices,
  StartBackfill,
} from '../../generated.ts'
import { Button } from '../../ui/button.tsx'
import { Check, Segments, Select } from '../../ui/form.tsx'
import { Problem } from '../../ui/notice.tsx'
import { PageHead } from '../../ui/section.tsx'
import { toast } from '../../ui/toast.tsx'
import { bytes, count, duration, plural } from '../../words.ts'
import './backfills.css'

const MODES: readonly { readonly value: BackfillMode; readonly label: string; readonly hint: string }[] = [
  { value: 'STALE', label: 'Stale', hint: 'What is missing, or was made from an older source or preset.' },
  { value: 'MISSING', label: 'Missing', hint: 'Only items that have no picture at all.' },
  { value: 'FAILED', label: 'Failed', hint: 'What failed before, once more.' },
  { value: 'ALL', label: 'All', hint: 'Everything again, also what is ready: seldom needed.' },
]
const FORMATS = ['WEBP', 'AVIF', 'PNG'] as const

/** Says what a backfill would do before it is started; its form is the address, so that a plan can be shared. */
export default function NewBackfill() {
  const [state, set] = useUrlState()
  const { route } = useLocation()
  const { presets } = usePresets()
  const mode = MODES.find(({ value }) => value === state.mode) ?? MODES[0]
  const input = readInput(state)
  const plan = useQuery(PlanBackfill, { input })
  const starting = useMutation(StartBackfill)
  const chosen = state.presets?.split(',') ?? presets.filter(({ backfill }) => backfill).map(({ name }) => name)
  const formats = state.formats?.split(',') ?? []
  const isHere = useRef(true)
  useEffect(
    () => () => {
      isHere.current = false
    },
    [],
  )
  const start = async () => {
    const result = await starting.run({ input })
    if (!result) return
    toast('The backfill has started.')
    // Who has gone on meanwhile is not brought back.
    if (isHere.current) route(`/backfills?open=${encodeURIComponent(result.startBackfill.id)}`)
  }
  return (
    <>
      <PageHead title="Plan a backfill" lead="Nothing runs until you start it." />
      <div class="plan">
        <form
          class="plan-form"
          onSubmit={(event) => {
            event.preventDefault()
            void start()
          }}
        >
          <ScopeFields state={state} onChange={set} />
          <fieldset class="plan-set">
            <legend>Which items</legend>
            <Segments
              label="Which items"
              value={mode?.value ?? 'STALE'}
              choices={MODES}
              onChange={(value) => set({ mode: value === 'STALE' ? '' : value }, { replace: true })}
            />
            <p class="muted small">{mode?.hint}</p>
          </fieldset>
          <fieldset class="plan-set">
            <legend>Presets</legend>
            <div class="plan-checks">
              {presets.map(({ name, width, height, backfill }) => (
                <Check
                  key={name}
                  label={name}
                  hint={`${width} × ${height}${backfill ? '' : ', made on request'}`}
                  checked={chosen.includes(name)}
                  onChange={(isOn) => set({ presets: toggle(chosen, name, isOn) }, { replace: true })}
                />
              ))}
            </div>
          </fieldset>
          <fieldset class="plan-set">
            <legend>Formats</legend>
            <div class="plan-checks">
              {FORMATS.map((format) => (
                <Check
                  key={format}
                  label={format}
                  checked={formats.includes(format)}
                  onChange={(isOn) => set({ formats: toggle(formats, format, isOn) }, { replace: true })}
                />
              ))}
            </div>
            <p class="muted small">Without a choice: the first format of each preset.</p>
          </fieldset>
          <Check
            label="Also compose the families' previews"
            checked={state.previews === 'yes'}
            onChange={(isOn) => set({ previews: isOn ? 'yes' : '' }, { replace: true })}
          />
        </form>
        <section class="plan-result stack" aria-label="Plan" aria-live="polite">
          {plan.error ? (
            <Problem error={plan.error} what="It cannot be planned." onRetry={plan.reload} />
          ) : (
            <PlanResult plan={plan.data?.planBackfill ?? null} />
          )}
          {starting.error && <Problem error={starting.error} what="It was not started." />}
          <p>
            <Button kind="primary" icon="play" why={whyToWait(plan.data)} isBusy={starting.isBusy} onClick={start}>
              Start the backfill
            </Button>
          </p>
        </section>
      </div>
    </>
  )
}

function whyToWait(plan: PlanBackfillQuery | null): string | null {
  if (plan?.planBackfill.items === 0) return 'Nothing in this plan needs work: choose another scope, mode or preset.'
  return whyNot('backfill:write')
}

function PlanResult({ plan }: { plan: PlanBackfillQuery['planBackfill'] | null }) {
  const rows: readonly (readonly [string, string])[] = [
    ['Pictures', plan ? count(plan.images) : ''],
    [
      'Time',
      plan
        ? plan.estimatedSeconds === null
          ? 'unknown: none ran lately'
          : `about ${duration(plan.estimatedSeconds)}`
        : '',
    ],
    [
      'Bytes',
      plan ? (plan.estimatedBytes === null ? 'unknown: no picture yet' : `about ${bytes(plan.estimatedBytes)}`) : '',
    ],
    ['Failed before', plan ? count(plan.failedBefore) : ''],
  ]
  return (
    <>
      <p class="plan-items">
        {plan ? plan.items === 0 ? 'Nothing to do' : `${plural(plan.items, 'item')} to render` : <>&nbsp;</>}
      </p>
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value || <>&nbsp;</>}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

/** Many catalogues have more families than fit a list: then the address or the catalogue gives the scope. */
function ScopeFields({
  state,
  onChange,
}: {
  state: Readonly<Record<string, string | undefined>>
  onChange: (changes: Readonly<Record<string, string>>, options: { replace: boolean }) => void
}) {
  const { vendors, families } = useQuery(ScopeChoices, {}).data ?? {}
  const scope = state.family
    ? `family ${state.family}`
    : state.vendor
      ? `vendor ${state.vendor}`
      : state.set
        ? `set ${state.set}`
        : ''
  const choices = [
    { value: '', label: 'The whole catalogue' },
    ...(vendors?.nodes ?? []).map(({ username, name }) => ({
      value: `vendor ${username}`,
      label: `Vendor: ${name.slice(0, 60)}`,
    })),
    ...(families?.nodes ?? []).map(({ uniqueId, name }) => ({
      value: `family ${uniqueId}`,
      label: `Family: ${name.slice(0, 60)}`,
    })),
  ]
  const all = choices.some(({ value }) => value === scope) ? choices : [...choices, { value: scope, label: scope }]
  return (
    <Select
      label="Scope"
      value={scope}
      choices={all}
      onChange={(value) => {
        const [name = '', id = ''] = value.split(' ')
        onChange({ vendor: '', family: '', set: '', ...(name ? { [name]: id } : {}) }, { replace: true })
      }}
    />
  )
}

function readInput(state: Readonly<Record<string, string | undefined>>): BackfillInput {
  const mode = MODES.find(({ value }) => value === state.mode)?.value ?? 'STALE'
  const formats = FORMATS.filter((format) => state.formats?.split(',').includes(format))
  const scope = state.set
    ? { iconSet: state.set }
    : state.family
      ? { family: state.family }
      : state.vendor
        ? { vendor: state.vendor }
        : null
  return {
    mode,
    ...(scope ? { scope } : {}),
    ...(state.presets ? { presets: state.presets.split(',') } : {}),
    ...(formats.length > 0 ? { formats } : {}),
    ...(state.previews === 'yes' ? { previews: true } : {}),
    ...(mode === 'FAILED' && state.code ? { codes: [state.code] } : {}),
  }
}

const toggle = (list: readonly string[], name: string, isOn: boolean): string =>
  (isOn ? [...list, name] : list.filter((each) => each !== name)).join(',')
