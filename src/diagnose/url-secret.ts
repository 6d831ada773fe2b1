import type { UrlSecret } from '../core/version.ts'
import { countMoved, type Keys } from '../rotation/find-moved.ts'
import { bad, type Finding, ok } from './finding.ts'

/** More need not be counted to know what to do. */
const COUNTED_MAX = 1000

/** Checks whether pictures are stored under the keys that URLs are issued with. @param app.urlSecrets null: not those of the service */
export async function checkUrlSecret({
  urlSecrets,
  ...app
}: Omit<Keys, 'urlSecret'> & { readonly urlSecrets: readonly UrlSecret[] | null }): Promise<Finding> {
  const check = 'url-secret'
  if (!urlSecrets)
    return bad('WARNING', check, {
      message: 'The service does not use the URL secret of this command, so the keys of pictures are not checked.',
      remedy: 'Run it with the URL_SECRETS, URL_SECRET or DATA_DIR of the service.',
    })
  const [urlSecret] = urlSecrets
  const count = urlSecret ? await countMoved({ ...app, urlSecret }, { max: COUNTED_MAX }) : 0
  if (count === 0) return ok(check, 'Every picture is stored under the key that its URL is issued with.')
  const pictures = count === 1 ? '1 picture is' : `${count}${count === COUNTED_MAX ? ' or more' : ''} pictures are`
  return bad('WARNING', check, {
    message: `${pictures} stored under the key of another URL secret alone: the first request for each comes to this service, which copies it.`,
    remedy: 'Run npm run rotate -- url-secret, which copies them.',
  })
}
