import { type Cdn, explainFailure, isDenied } from '../cdn/cloudfront.ts'
import type { Config } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import type { UrlSecret } from '../core/version.ts'
import type { Keys } from '../rotation/find-moved.ts'
import { readDeliveries } from './delivery-counts.ts'
import { checkDistribution } from './distribution.ts'
import { bad, type Finding } from './finding.ts'
import { checkIsolation } from './isolation.ts'
import { checkPublicUrl } from './public-url.ts'
import { checkRequests } from './requests.ts'
import { routeOf } from './route.ts'
import { checkUrlSecret } from './url-secret.ts'

export interface DeliveryHealth {
  /** Requests in the last 24 hours for pictures that were already stored, and for those that were not. */
  readonly storedRequests: number
  readonly madeRequests: number
  readonly findings: readonly Finding[]
}

/** Checks how requests for pictures reach this service: the counts, the stored keys, the live distribution, and a real request. */
export async function diagnoseDelivery(
  app: Omit<Keys, 'urlSecret'> & {
    /** Null: they are not those of the service. */
    readonly urlSecrets: readonly UrlSecret[] | null
    readonly cdn: Cdn | null
    readonly config: Pick<Config, 'buckets' | 'publicImageUrl' | 'distributionId' | 'aws'>
  },
): Promise<DeliveryHealth> {
  const { pg, cdn, config } = app
  const [deliveries, urlSecret, distribution, publicUrl] = await Promise.all([
    readDeliveries(pg),
    checkUrlSecret(app),
    cdn ? readDistribution(cdn, config) : [NO_DISTRIBUTION],
    config.publicImageUrl ? checkPublicUrl(config, config.publicImageUrl) : [NO_PUBLIC_URL],
  ])
  return {
    storedRequests: deliveries.stored,
    madeRequests: deliveries.made,
    findings: [checkRequests(deliveries, config), urlSecret, checkIsolation(), ...distribution, ...publicUrl],
  }
}

/** A failed call is a finding too. */
async function readDistribution(cdn: Cdn, config: Parameters<typeof checkDistribution>[1]): Promise<Finding[]> {
  try {
    const live = await cdn.readConfig()
    const { CachePolicyId: id } = routeOf(live, config.publicImageUrl).behavior
    const policy = id ? await cdn.readCachePolicy(id).catch(refused) : null
    return checkDistribution(live, config, policy)
  } catch (error) {
    const { cause } = error as Error
    if (!(error instanceof AppError) || !(cause instanceof Error)) throw error
    const at = { operation: 'GetDistributionConfig', distributionId: cdn.distributionId }
    const { problem, remedy } = explainFailure(cause, at)
    return [bad('ERROR', 'distribution', { message: `${problem}, so it is not checked.`, remedy })]
  }
}

/** The rest can be checked all the same. */
const refused = (error: unknown): undefined => {
  if (!isDenied(error)) throw error
}

const NO_DISTRIBUTION = bad('WARNING', 'distribution', {
  message: 'CLOUDFRONT_DISTRIBUTION_ID is not set: no distribution is checked, and take-downs purge no CDN.',
  remedy:
    'With CloudFront, set CLOUDFRONT_DISTRIBUTION_ID and allow cloudfront:GetDistributionConfig and cloudfront:CreateInvalidation; without a CDN, nothing.',
})
const NO_PUBLIC_URL = bad('WARNING', 'missing-picture', {
  message: 'PUBLIC_IMAGE_URL is not set: image URLs lead to this service, and requests through a CDN are not checked.',
  remedy: 'With a CDN, set PUBLIC_IMAGE_URL to its address; without one, nothing.',
})
