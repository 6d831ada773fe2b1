import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { usePresets } from '../../data/presets.ts'
import { useQuery } from '../../data/query.ts'
import { useUrlState } from '../../data/url-state.ts'
import { Explain, type ExplainQuery } from '../../generated.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Copy } from '../../ui/copy.tsx'
import { Empty, Problem } from '../../ui/notice.tsx'
import { PageHead } from '../../ui/section.tsx'
import { type State, Status, stateOf } from '../../ui/status.tsx'
import { sentenceCase } from '../../words.ts'
import { Card } from '../catalogue/card.tsx'
import '../catalogue/catalogue.css'
import { Doctor } from './doctor.tsx'
import './why.css'

/** Paste any address, key, id or slug: what it is, what became of it, and what to do. */
export default function Why() {
  const [{ url = '' }, set] = useUrlState()
  const text = useSignal(url)
  useEffect(() => {
    text.value = url
  }, [url, text])
  const { shown } = usePresets()
  const asked = useQuery(Explain, { url, preset: shown ?? '' }, { skip: !url || shown === null })
  return (
    <>
      <PageHead
        title="Why is it missing?"
        lead="Paste the address of a picture, the key of an object, or the id or slug of an item."
      />
      <form
        class="why-form"
        onSubmit={(event) => {
          event.preventDefault()
          set({ url: text.value.trim() })
          if (text.value.trim() === url) asked.reload()
        }}
      >
        <input
          class="input"
          aria-label="Address, key, id or slug"
          placeholder="https://… or rocket"
          value={text.value}
          maxLength={2000}
          spellcheck={false}
          autocomplete="off"
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value
          }}
        />
        <Button type="submit" kind="primary" isBusy={Boolean(url) && asked.isLoading}>
          Explain
        </Button>
      </form>
      <div class="why">
        <div aria-live="polite">
          {asked.error && <Problem error={asked.error} what="It cannot be explained." onRetry={asked.reload} />}
          {asked.data && url && <Explanation {...asked.data.explain} />}
          {!url && (
            <Empty title="Nothing is asked yet.">
              <p>
                In a browser's developer tools, copy the address of the picture that does not show, and paste it above.
              </p>
            </Empty>
          )}
          {url && !asked.data && !asked.error && <span class="skeleton why-blank" />}
        </div>
        <Doctor />
      </div>
    </>
  )
}

function Explanation(explanation: ExplainQuery['explain']) {
  const { kind, issued, status, objectKey, stored, cdn, sentence, remedy, failure, item, family } = explanation
  const state: State = status ? stateOf(status) : issued ? 'missing' : 'failed'
  return (
    <article class="stack">
      <Status state={state}>
        {sentenceCase(kind)}
        {failure ? `: ${failure.code}` : ''}
      </Status>
      <p class="why-sentence wrap">{sentence}</p>
      {remedy && (
        <p class="why-remedy wrap">
          <strong>What to do</strong> {remedy}
        </p>
      )}
      <dl class="facts">
        <div>
          <dt>Issued</dt>
          <dd>{issued ? 'yes, by this service' : 'no, never by this service'}</dd>
        </div>
        {failure && (
          <div>
            <dt>Last render</dt>
            <dd class="wrap">{failure.message}</dd>
          </div>
        )}
        <div>
          <dt>CDN</dt>
          <dd class="wrap">{cdn}</dd>
        </div>
        {objectKey && (
          <div>
            <dt>Object</dt>
            <dd class="row">
              <code class="wrap">{objectKey}</code>
              <Copy text={objectKey} label="Copy the object's key" />
            </dd>
          </div>
        )}
        <div>
          <dt>Stored</dt>
          <dd>{stored ? 'yes' : 'no'}</dd>
        </div>
      </dl>
      <div class="row wrapping">
        {item && <LinkButton href={`/item/${item.uniqueId}`}>Open the item</LinkButton>}
        {family && <LinkButton href={`/catalogue?family=${family.uniqueId}`}>Open its family</LinkButton>}
      </div>
      {item && (
        <div class="why-card">
          <Card item={item} />
        </div>
      )}
    </article>
  )
}
