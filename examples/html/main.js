import { createClient, ItemsDocument } from '@afterimage/client'
import '@afterimage/client/element'
import { service } from './config.js'

const client = createClient({ url: service })
/** Widths of a card's picture in px, at a device pixel ratio of 1 and 2. */
const WIDTHS = [128, 256]
/** How wide a card's picture is shown; its box has the same size in style.css. */
const SIZES = '96px'
const PAGE = 48
/** How long to wait after the last keystroke before searching, in ms. */
const PAUSE_MS = 150

const grid = document.querySelector('.grid')
const count = document.querySelector('.count')
const end = document.querySelector('.end')
const input = document.querySelector('.search input')
const button = document.querySelector('.scheme')

/** The list being shown, all items or a search: the cursor of its next page, and the controller that aborts the current request. */
let shown = { search: '', after: null, isLoading: false, hasMore: true, abort: new AbortController() }

function start(search) {
  shown.abort.abort()
  shown = { search, after: null, isLoading: false, hasMore: true, abort: new AbortController() }
  const address = new URL(location.href)
  if (search) address.searchParams.set('q', search)
  else address.searchParams.delete('q')
  history.replaceState(null, '', address)
  void loadMore()
}

async function loadMore() {
  const current = shown
  const { search, after, abort } = current
  if (current.isLoading || !current.hasMore) return
  current.isLoading = true
  const isFirst = after === null
  const variables = { search: search || null, first: PAGE, after, widths: WIDTHS, withTotal: isFirst }
  try {
    const { items } = await client.request(ItemsDocument, variables, { signal: abort.signal })
    if (current !== shown) return
    const cards = items.nodes.map(cardOf)
    if (isFirst) {
      grid.replaceChildren(...cards)
      scrollTo({ top: 0 })
      count.textContent = sentenceOf(items.totalCount, search)
    } else grid.append(...cards)
    Object.assign(current, { after: items.pageInfo.endCursor, hasMore: items.pageInfo.hasNextPage })
  } catch (error) {
    if (!abort.signal.aborted) count.textContent = `The pictures could not be loaded: ${error.message}`
    current.hasMore = false
  } finally {
    current.isLoading = false
  }
  // In a tall window the end of the grid may still be in view.
  observer.unobserve(end)
  observer.observe(end)
}

const sentenceOf = (total, search) =>
  search
    ? `${total === 0 ? 'Nothing' : total.toLocaleString('en')} found for “${search}”`
    : `${total.toLocaleString('en')} pictures`

function cardOf({ name, light, dark }) {
  const card = document.createElement('li')
  const link = document.createElement('a')
  const picture = document.createElement('afterimage-picture')
  const caption = document.createElement('span')
  link.className = 'card'
  if (light) link.href = light.stableUrl
  picture.setAttribute('color-scheme', scheme())
  picture.setAttribute('sizes', SIZES)
  picture.picture = light
  picture.dark = dark
  caption.textContent = name
  caption.title = name
  link.append(picture, caption)
  card.append(link)
  return card
}

const observer = new IntersectionObserver(([entry]) => entry.isIntersecting && void loadMore(), {
  rootMargin: '600px',
})

let pause
input.addEventListener('input', () => {
  clearTimeout(pause)
  pause = setTimeout(() => start(input.value.trim()), PAUSE_MS)
})
document.querySelector('.search form').addEventListener('submit', (event) => {
  event.preventDefault()
  start(input.value.trim())
})

const system = matchMedia('(prefers-color-scheme: dark)')
const scheme = () => localStorage.getItem('scheme') ?? (system.matches ? 'dark' : 'light')

function showScheme() {
  const current = scheme()
  document.documentElement.dataset.scheme = current
  button.setAttribute('aria-pressed', String(current === 'dark'))
  for (const picture of grid.querySelectorAll('afterimage-picture')) picture.setAttribute('color-scheme', current)
}
button.addEventListener('click', () => {
  localStorage.setItem('scheme', scheme() === 'dark' ? 'light' : 'dark')
  showScheme()
})
system.addEventListener('change', showScheme)

showScheme()
input.value = new URLSearchParams(location.search).get('q') ?? ''
start(input.value.trim())
