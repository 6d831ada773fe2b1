/** What the commands ask a service. A test compares them with the schema. */

export const TOKENS = `query ($first: Int!, $after: String) {
  tokens(first: $first, after: $after) {
    nodes { id prefix name scopes vendorUsername expiresAt lastUsedAt revokedAt } pageInfo { hasNextPage endCursor }
  }
}`

export const CREATE_TOKEN = `mutation ($name: String!, $scopes: [String!]!, $vendor: String, $expiresAt: DateTime) {
  createToken(name: $name, scopes: $scopes, vendor: $vendor, expiresAt: $expiresAt) { secret token { id prefix } }
}`

export const FIND_VENDOR = 'query ($username: String!) { vendor(username: $username) { username } }'

export const REVOKE_TOKEN = 'mutation ($id: ID!) { revokeToken(id: $id) { id } }'

export const PLAN_BACKFILL = `query ($input: BackfillInput) {
  planBackfill(input: $input) { items images failedBefore estimatedSeconds estimatedBytes }
}`

export const START_BACKFILL = 'mutation ($input: BackfillInput) { startBackfill(input: $input) { id status } }'

export const READ_BACKFILL = `query ($id: ID!) {
  node(id: $id) {
    ... on Backfill {
      id status error finishedAt totalItems doneItems failedItems imagesMade bytesWritten itemsPerSecond etaSeconds
    }
  }
}`

export const COVERAGE = `query ($scope: Scope) {
  coverage(in: $scope) { preset total ready stale failed missing isExact }
}`

export const FAILURES = `query ($first: Int!, $after: String, $in: Scope, $code: String) {
  failures(first: $first, after: $after, in: $in, code: $code) {
    nodes { code message remedy attempts lastAt item { uniqueId slug vendor { username } } } pageInfo { hasNextPage endCursor }
  }
}`

export const EXPLAIN = 'query ($url: String!) { explain(url: $url) { kind sentence remedy cdn stored objectKey } }'

export const DELIVERY_HEALTH = '{ deliveryHealth { findings { check status message remedy } } }'

export const PRESETS = '{ presets { name width height formats background watermark backfill } }'

export const REGENERATE = `mutation ($family: ID!, $layout: String, $seed: Int, $pin: [ID!], $exclude: [ID!]) {
  regeneratePreview(family: $family, layout: $layout, seed: $seed, pin: $pin, exclude: $exclude) { id }
}`

export const PAUSE_BACKFILL = 'mutation ($id: ID!) { changed: pauseBackfill(id: $id) { id status } }'
export const RESUME_BACKFILL = 'mutation ($id: ID!) { changed: resumeBackfill(id: $id) { id status } }'
export const CANCEL_BACKFILL = 'mutation ($id: ID!) { changed: cancelBackfill(id: $id) { id status } }'

const RECEIPT = 'id status objectsDeleted invalidationIds error note'
export const TAKE_DOWN = `mutation ($id: ID!, $reason: String!) { takeDown(id: $id, reason: $reason) { ${RECEIPT} } }`
export const RESTORE = `mutation ($id: ID!) { restore(id: $id) { ${RECEIPT} } }`
export const READ_TAKE_DOWN = `query ($id: ID!) { node(id: $id) { ... on TakeDown { ${RECEIPT} } } }`
