import { useEffect, useState } from 'preact/hooks'
import { ErrorBoundary, LocationProvider, lazy, Route, Router, useLocation } from 'preact-iso'
import { refusals, viewer } from './data/session.ts'
import { Overview } from './pages/overview/overview.tsx'
import { CONSOLE_PATHS, whyClosed } from './shell/pages.ts'
import { Shell } from './shell/shell.tsx'
import { Empty } from './ui/notice.tsx'
import { PageHead } from './ui/section.tsx'

const Catalogue = lazy(() => import('./pages/catalogue/catalogue.tsx'))
const Item = lazy(() => import('./pages/item/item.tsx'))
const Families = lazy(() => import('./pages/families/families.tsx'))
const Family = lazy(() => import('./pages/families/family.tsx'))
const Layouts = lazy(() => import('./pages/layouts/layouts.tsx'))
const Why = lazy(() => import('./pages/why/why.tsx'))
const Backfills = lazy(() => import('./pages/backfills/backfills.tsx'))
const NewBackfill = lazy(() => import('./pages/backfills/new-backfill.tsx'))
const Failures = lazy(() => import('./pages/backfills/failures.tsx'))
const TakeDowns = lazy(() => import('./pages/operations/take-downs.tsx'))
const Webhooks = lazy(() => import('./pages/operations/webhooks.tsx'))
const Tokens = lazy(() => import('./pages/operations/tokens.tsx'))
const Audit = lazy(() => import('./pages/operations/audit.tsx'))
const Delivery = lazy(() => import('./pages/operations/delivery.tsx'))
const Uploads = lazy(() => import('./pages/uploads/uploads.tsx'))

export function App() {
  return (
    <LocationProvider scope={CONSOLE_PATHS}>
      <Pages />
    </LocationProvider>
  )
}

function Pages() {
  const [isLoading, setLoading] = useState(false)
  const { path } = useLocation()
  const closed = whyClosed(viewer.value, path)
  if (closed)
    return (
      <Shell isLoading={false}>
        <PageHead title="Not among your pages" />
        <Empty title={closed}>
          <p>
            Your token shows <a href="/catalogue">your catalogue</a> and <a href="/uploads">your uploads</a>.
          </p>
        </Empty>
      </Shell>
    )
  return (
    <Shell isLoading={isLoading}>
      <ErrorBoundary key={refusals.value}>
        <Router onLoadStart={() => setLoading(true)} onLoadEnd={() => setLoading(false)}>
          <Route path="/" component={First} />
          <Route path="/catalogue" component={Catalogue} />
          <Route path="/item/:id" component={Item} />
          <Route path="/families" component={Families} />
          <Route path="/families/:id" component={Family} />
          <Route path="/layouts" component={Layouts} />
          <Route path="/why" component={Why} />
          <Route path="/backfills" component={Backfills} />
          <Route path="/backfills/new" component={NewBackfill} />
          <Route path="/backfills/failures" component={Failures} />
          <Route path="/uploads" component={Uploads} />
          <Route path="/operations" component={TakeDowns} />
          <Route path="/operations/webhooks" component={Webhooks} />
          <Route path="/operations/tokens" component={Tokens} />
          <Route path="/operations/audit" component={Audit} />
          <Route path="/operations/delivery" component={Delivery} />
          <Route default component={NotFound} />
        </Router>
      </ErrorBoundary>
    </Shell>
  )
}

/** The overview; a vendor begins with the own catalogue. */
function First() {
  const { route } = useLocation()
  const isVendor = Boolean(viewer.value?.vendor)
  useEffect(() => {
    if (isVendor) route('/catalogue', true)
  }, [isVendor, route])
  return isVendor ? null : <Overview />
}

function NotFound() {
  return (
    <>
      <PageHead title="There is no such page" />
      <Empty title="The address leads to nothing.">
        <p>
          <a href="/">The overview</a> leads to everything there is; <a href="/why">Why is it missing?</a> explains the
          address of a picture.
        </p>
      </Empty>
    </>
  )
}
