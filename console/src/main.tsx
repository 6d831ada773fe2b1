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
  // A link's code is exchanged first, so that the first page is asked for with its token; else the page need not wait.
  const opening = openSession().catch(() => {})
  if (location.hash.startsWith('#code=')) void opening.then(() => render(<App />, place))
  else render(<App />, place)
}
