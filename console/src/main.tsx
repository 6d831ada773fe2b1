import { render } from 'preact'
import { App } from './app.tsx'
import { openSession } from './data/session.ts'
import { refuseDrops } from './shell/drops.ts'
import './tokens.css'
import './base.css'
import './ui/ui.css'
import './shell/shell.css'

const place = document.getElementById('app')
if (place) {
  refuseDrops()
  // The router would throw for an address such as /item/%E0: it is shown as what it is.
  if (!isEncoded(location.pathname)) history.replaceState(null, '', location.pathname.replaceAll('%', '%25'))
  // A link's code is exchanged first, so that the first page is asked for with its token; else the page need not wait.
  const opening = openSession().catch(() => {})
  if (location.hash.startsWith('#code=')) void opening.then(() => render(<App />, place))
  else render(<App />, place)
}

function isEncoded(path: string): boolean {
  try {
    // Its result is used, or the bundler would drop the call.
    return decodeURIComponent(path) !== ''
  } catch {
    return false
  }
}
