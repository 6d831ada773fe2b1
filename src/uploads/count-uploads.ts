import type { PoolClient } from 'pg'
import type { LimitsConfig } from '../core/config/limits.ts'
import { AppError } from '../core/errors.ts'
import { lockUploads } from '../db/locks.ts'
import { statement } from '../db/statement.ts'
import { URL_LIFE_S } from './upload-url.ts'

const DAY_S = 86_400
/** An upload in progress may end at any moment. */
const RETRY_IN_PROGRESS_S = 60

interface Upload {
  readonly owner: string
  readonly vendor: string
  readonly bytes: number
}

const refuse = (sentence: string, retryAfterS: number) =>
  new AppError('RATE_LIMITED', `${sentence}: try again in ${retryAfterS} s.`, { retryAfterS })

/**
 * Throws RATE_LIMITED if one more upload would exceed what a client may create in 24 hours or have in progress, or the bytes of archives
 * in progress of its vendor or of all. Counted in the database, for all processes; concurrent callers wait for the caller's transaction,
 * in which the upload is to be created.
 */
export async function checkUploads(
  client: PoolClient,
  upload: Upload & { readonly limits: LimitsConfig },
): Promise<void> {
  await lockUploads(client)
  await checkClient(client, upload)
  await checkBytes(client, upload)
}

async function checkClient(
  client: PoolClient,
  { owner, bytes, limits }: Upload & { readonly limits: LimitsConfig },
): Promise<void> {
  const { uploadsPerDay, uploadBytesPerDay, uploadsInProgress } = limits
  const counted = await COUNT_UPLOADS.get(client, { owner, waitS: URL_LIFE_S })
  if (!counted) throw new Error('a count gave no row')
  const untilOldestIsOver = Math.max(1, Math.ceil(DAY_S - counted.oldest_s))
  if (counted.in_progress >= uploadsInProgress)
    throw refuse(
      `Your token has ${counted.in_progress} uploads in progress, of at most ${uploadsInProgress}`,
      RETRY_IN_PROGRESS_S,
    )
  if (counted.uploads >= uploadsPerDay)
    throw refuse(
      `Your token has created ${counted.uploads} uploads in 24 hours, of at most ${uploadsPerDay}`,
      untilOldestIsOver,
    )
  if (Number(counted.bytes) + bytes > uploadBytesPerDay)
    throw refuse(
      `The archives that your token has announced in 24 hours have ${counted.bytes} bytes; with these ${bytes} they would have more than ${uploadBytesPerDay}`,
      untilOldestIsOver,
    )
}

// One that waits for its archive is in progress while its URL accepts it.
const COUNT_UPLOADS = statement({
  name: 'count-uploads',
  text: `
    select count(*) filter (where is_recent)::int as uploads, coalesce(sum(bytes) filter (where is_recent), 0)::int8 as bytes,
      count(*) filter (where is_open)::int as in_progress,
      coalesce(extract(epoch from now() - min(created_at) filter (where is_recent)), 0)::float8 as oldest_s
    from (
      select bytes, created_at, created_at > now() - interval '1 day' as is_recent,
        finished_at is null and (status <> 'CREATED' or created_at > now() - make_interval(secs => :waitS)) as is_open
      from upload where client = :owner
    ) as u where is_recent or is_open`,
  parameters: { owner: 'text', waitS: 'float8' },
  columns: { uploads: 'int4', bytes: 'int8', in_progress: 'int4', oldest_s: 'float8' },
})

/** An upload URL takes exactly the bytes that were announced, so their sum bounds what is being received and what waits in the store. */
async function checkBytes(
  client: PoolClient,
  { vendor, bytes, limits }: Upload & { readonly limits: LimitsConfig },
): Promise<void> {
  const { vendorUploadBytes, uploadBytesMax } = limits
  if (vendorUploadBytes === Infinity && uploadBytesMax === Infinity) return
  const open = await COUNT_OPEN_BYTES.get(client, { vendor, waitS: URL_LIFE_S })
  if (!open) throw new Error('a sum gave no row')
  if (Number(open.of_vendor) + bytes > vendorUploadBytes)
    throw refuse(
      `The archives of vendor ${vendor} that have not been ingested have ${open.of_vendor} bytes; with these ${bytes} they would have more than ${vendorUploadBytes}`,
      RETRY_IN_PROGRESS_S,
    )
  if (Number(open.of_all) + bytes > uploadBytesMax)
    throw refuse(
      `The archives of all vendors that have not been ingested would have more than ${uploadBytesMax} bytes`,
      RETRY_IN_PROGRESS_S,
    )
}

const COUNT_OPEN_BYTES = statement({
  name: 'count-open-upload-bytes',
  text: `
    select coalesce(sum(bytes) filter (where vendor = :vendor), 0)::int8 as of_vendor, coalesce(sum(bytes), 0)::int8 as of_all
    from upload
    where finished_at is null and (status <> 'CREATED' or created_at > now() - make_interval(secs => :waitS))`,
  parameters: { vendor: 'text', waitS: 'float8' },
  columns: { of_vendor: 'int8', of_all: 'int8' },
})
