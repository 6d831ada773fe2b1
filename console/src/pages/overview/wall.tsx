import { useEffect, useRef, useState } from 'preact/hooks'
import { useLive } from '../../data/live.ts'
import { useQuery } from '../../data/query.ts'
import { ImagesMade, LatestImages, type MadeImageFieldsFragment } from '../../generated.ts'
import { moveInGrid } from '../../shell/keys.ts'
import { Empty, Problem } from '../../ui/notice.tsx'
import { Picture } from '../../ui/picture.tsx'
import { Section } from '../../ui/section.tsx'
import { ago } from '../../words.ts'

type Made = MadeImageFieldsFragment

/** Enough for three rows of a wide screen; what does not fit is not shown. */
const PLACES = 60
/** The most that the service returns: an item has a picture per preset, and is shown once. */
const LATEST = { first: 100 }
/** Without events, such as on a service that was just started again. */
const EVERY_MS = 10_000

/**
 * The pictures made last. A new one takes the place of the oldest, so that the others stay where they are while one looks at them; when
 * the page is opened, the newest come first.
 */
export function Wall() {
  const latest = useQuery(LatestImages, LATEST, { everyMs: EVERY_MS })
  const [places, setPlaces] = useState<readonly Made[]>([])
  const isFresh = useRef(new Set<string>())
  const add = (made: readonly Made[]) => setPlaces((last) => place(last, made, isFresh.current))
  const images = latest.data?.latestImages
  useEffect(() => {
    if (images) setPlaces((last) => place(last, images, isFresh.current))
  }, [images])
  useLive(ImagesMade, {}, { onData: ({ imagesMade }) => add(imagesMade) })
  const [newest] = places.toSorted((a, b) => b.madeAt.localeCompare(a.madeAt))
  return (
    <Section title="Just made" aside={newest && <span class="muted small">latest {ago(newest.madeAt)}</span>}>
      {latest.error && places.length === 0 && (
        <Problem error={latest.error} what="The pictures made last cannot be shown." onRetry={latest.reload} />
      )}
      {images && places.length === 0 ? (
        <Empty title="No picture has been made yet.">
          <p>
            The first request of a picture makes it. <a href="/backfills/new">A backfill</a> makes them all ahead of
            that, and they appear here.
          </p>
        </Empty>
      ) : (
        <ul class="wall" onKeyDown={moveInGrid}>
          {places.length === 0 &&
            !latest.error &&
            Array.from({ length: PLACES }, (_, at) => <li key={at} class="skeleton wall-place" />)}
          {places.map((made, at) => (
            <li key={at} class="wall-place">
              <a
                key={made.url}
                class={isFresh.current.has(made.url) ? 'wall-link fresh' : 'wall-link'}
                href={`/item/${made.item.uniqueId}?preset=${encodeURIComponent(made.preset)}`}
                title={`${made.item.name} · ${made.preset}`}
              >
                <Picture
                  src={made.url}
                  alt={made.item.name}
                  width={made.width}
                  height={made.height}
                  placeholder={made.item.placeholder}
                  isLazy={false}
                />
              </a>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

/** Puts pictures of items that are not there yet into free places, then into those of the oldest. */
function place(last: readonly Made[], made: readonly Made[], fresh: Set<string>): readonly Made[] {
  const known = new Set(last.map(({ item }) => item.uniqueId))
  const added = smallestOfItems(made).filter(({ item }) => !known.has(item.uniqueId))
  if (added.length === 0) return last
  if (last.length === 0) return added.slice(0, PLACES)
  const next = [...last]
  for (const each of added.toSorted((a, b) => a.madeAt.localeCompare(b.madeAt))) {
    fresh.add(each.url)
    if (next.length < PLACES) {
      next.push(each)
      continue
    }
    const oldest = indexOfOldest(next)
    if (each.madeAt < (next[oldest]?.madeAt ?? '')) continue
    fresh.delete(next[oldest]?.url ?? '')
    next[oldest] = each
  }
  return next
}

/** The smallest picture of each item, in the order in which the items come first. */
function smallestOfItems(made: readonly Made[]): readonly Made[] {
  const byItem = new Map<string, Made>()
  for (const each of made) {
    const known = byItem.get(each.item.uniqueId)
    if (!known || each.width < known.width) byItem.set(each.item.uniqueId, each)
  }
  return [...byItem.values()]
}

function indexOfOldest(places: readonly Made[]): number {
  let oldest = 0
  for (const [at, { madeAt }] of places.entries()) if (madeAt < (places[oldest]?.madeAt ?? '')) oldest = at
  return oldest
}
