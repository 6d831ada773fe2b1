import { useEffect, useState } from 'preact/hooks'
import { lostSince } from '../data/live.ts'

/** A thin bar with the seconds since the last news, while a live connection is lost. What is on the page stays. */
export function Connection() {
  const since = lostSince.value
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    if (since === null) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [since])
  return (
    <div class="connection" role="status">
      {since !== null && (
        <p>
          No news from the service for {Math.max(1, Math.round((now - since) / 1000))} s. What you see is from before
          that; this page goes on by itself.
        </p>
      )}
    </div>
  )
}
