import {
  type CachePolicyConfig,
  CloudFrontClient,
  CreateInvalidationCommand,
  type DistributionConfig,
  GetCachePolicyConfigCommand,
  GetDistributionConfigCommand,
} from '@aws-sdk/client-cloudfront'
import type { AwsConfig } from '../core/config/aws.ts'
import { AppError } from '../core/errors.ts'

/** The CDN's distribution. Every failure is UNAVAILABLE, or BUSY, with the remedy. */
export interface Cdn {
  readonly distributionId: string
  readConfig(): Promise<DistributionConfig>
  /** @param id of a cache policy, AWS's own or one of the account */
  readCachePolicy(id: string): Promise<CachePolicyConfig>
  /**
   * Invalidates paths (`/a.webp`, `/a/*`) or cache tags (`#tag`) at every edge. Returns the invalidation's id. Repeating a reference with
   * the same items returns the same invalidation. BUSY: too many are in progress.
   * @param reference unique for this invalidation, at most 128 characters
   */
  invalidate(items: readonly string[], reference: string): Promise<string>
  close(): void
}

/** A call usually takes less than a second; with throttling, the SDK retries. */
const CALL_LIMIT_MS = 10_000
const ATTEMPTS = 5

/** A client for one distribution. Each call is retried while CloudFront throttles it, and throws UNAVAILABLE at last. */
export function openCloudFront(aws: AwsConfig, distributionId: string): Cdn {
  const client = new CloudFrontClient({
    region: aws.region,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: 3000, requestTimeout: CALL_LIMIT_MS, throwOnRequestTimeout: true },
    ...(aws.cloudFrontEndpoint ? { endpoint: aws.cloudFrontEndpoint } : {}),
    ...(aws.credentials ? { credentials: aws.credentials } : {}),
  })

  const call = async <T>(operation: string, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw failureOf(error as Error, { operation, distributionId })
    }
  }

  return {
    distributionId,
    async readConfig() {
      const command = new GetDistributionConfigCommand({ Id: distributionId })
      const { DistributionConfig: config } = await call('GetDistributionConfig', client.send(command))
      if (!config) throw failureOf(new Error('an empty answer'), { operation: 'GetDistributionConfig', distributionId })
      return config
    },
    async readCachePolicy(id) {
      const command = new GetCachePolicyConfigCommand({ Id: id })
      const { CachePolicyConfig: policy } = await call('GetCachePolicyConfig', client.send(command))
      if (!policy) throw failureOf(new Error('an empty answer'), { operation: 'GetCachePolicyConfig', distributionId })
      return policy
    },
    async invalidate(items, reference) {
      const Paths = { Quantity: items.length, Items: [...items] }
      const command = new CreateInvalidationCommand({
        DistributionId: distributionId,
        InvalidationBatch: { Paths, CallerReference: reference },
      })
      const { Invalidation: made } = await call('CreateInvalidation', client.send(command))
      if (!made?.Id) throw failureOf(new Error('an empty answer'), { operation: 'CreateInvalidation', distributionId })
      return made.Id
    },
    close: () => client.destroy(),
  }
}

/** Whether one of the calls above failed because of a missing permission. */
export const isDenied = (error: unknown): boolean =>
  error instanceof AppError &&
  /^(AccessDenied|AccessDeniedException)$/.test((error.cause as Error | undefined)?.name ?? '')

function failureOf(cause: Error, at: { operation: string; distributionId: string }): AppError {
  const { code, problem, remedy } = explainFailure(cause, at)
  return new AppError(code, `${problem}: ${remedy}.`, { cause })
}

/** Explains a failed call, with a remedy. */
export function explainFailure(
  { name, message }: Error,
  { operation, distributionId }: { operation: string; distributionId: string },
): { code: 'UNAVAILABLE' | 'BUSY'; problem: string; remedy: string } {
  const code = 'UNAVAILABLE'
  switch (name) {
    case 'AccessDenied':
    case 'AccessDeniedException': {
      const problem = `CloudFront refuses ${operation} on distribution ${distributionId}`
      return { code, problem, remedy: `allow cloudfront:${operation} in the policy of this service's credentials` }
    }
    case 'NoSuchDistribution': {
      const problem = `CloudFront has no distribution ${distributionId}`
      return { code, problem, remedy: 'correct CLOUDFRONT_DISTRIBUTION_ID' }
    }
    case 'TooManyInvalidationsInProgress': {
      const problem = `Distribution ${distributionId} has the maximum number of invalidations in progress (3,000 paths, 15 wildcards)`
      return { code: 'BUSY', problem, remedy: 'retried when some are done' }
    }
    default: {
      const problem = `CloudFront failed ${operation} on distribution ${distributionId} (${name}: ${message})`
      return { code, problem, remedy: 'check AWS_ENDPOINT_URL_CLOUDFRONT, the credentials and the network' }
    }
  }
}
