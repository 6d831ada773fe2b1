import type { PoolClient } from 'pg'
import type { Upload } from '../../prisma/generated/client/client.ts'
import { ARCHIVE_LIMITS } from '../archive/limits.ts'
import { show } from '../archive/problems.ts'
import { AppError } from '../core/errors.ts'
import { isVendorUsername, printUploadKey } from '../core/variant.ts'
import { inTransaction, type Pg, type Prisma } from '../db/database.ts'
import { cancelDeletion, discardObjects } from '../retention/discarded.ts'
import type { Store } from '../store/store.ts'

/** The channel on which every visible change is notified; the payload is the upload's id. */
export const UPLOAD_CHANNEL = 'afterimage_upload'

/** Lower runs first: an upload's checks before others' pictures, so that a small one does not wait for a large one's. */
const PRIORITY = 20

const FILE_NAME_MAX = 255
/** An archive that nobody completes is deleted a day after its URL has expired. */
const WAITS_S = 86_400

interface Db {
  readonly pg: Pg
  readonly prisma: Prisma
}

/**
 * Creates an upload that waits for its archive. Throws BAD_INPUT for an invalid username, file name or size.
 * @param input.bytes of the archive, exactly
 */
export async function createUpload(
  { pg, prisma }: Db,
  input: { vendor: string; fileName: string; bytes: number },
): Promise<Upload> {
  const { vendor, bytes } = input
  const fileName = input.fileName.trim()
  if (!isVendorUsername(vendor))
    throw new AppError(
      'BAD_INPUT',
      `${show(vendor)} is not a vendor's username: it takes letters, digits, - and _, at most 64.`,
    )
  if (fileName.length === 0 || fileName.length > FILE_NAME_MAX || /\p{Cc}/u.test(fileName))
    throw new AppError('BAD_INPUT', `fileName takes 1 to ${FILE_NAME_MAX} printable characters, not ${show(fileName)}.`)
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > ARCHIVE_LIMITS.archiveBytes)
    throw new AppError(
      'BAD_INPUT',
      `bytes is ${bytes}: give the archive's exact size, from 1 to ${ARCHIVE_LIMITS.archiveBytes}.`,
    )
  const id = await inTransaction(pg, async (client) => {
    const { rows } = await client.query<{ id: number }>(
      'insert into upload (vendor, file_name, bytes) values ($1, $2, $3) returning id',
      [vendor, fileName, bytes],
    )
    const newId = rows[0]?.id as number
    await discardObjects(client, 'ORIGINALS', { keys: [printUploadKey(newId)], afterS: WAITS_S })
    return newId
  })
  return await findUpload(prisma, id)
}

/** Throws NOT_FOUND. */
export async function findUpload(prisma: Prisma, id: number): Promise<Upload> {
  const upload = await prisma.upload.findUnique({ where: { id } })
  if (!upload) throw new AppError('NOT_FOUND', `There is no upload ${id}.`)
  return upload
}

/**
 * Queues the ingest of the archive, once; an upload that was started stays as it is. Throws NOT_FOUND, or BAD_INPUT when
 * the archive has not arrived or has another size than was announced.
 */
export async function completeUpload(
  { pg, prisma, originals }: Db & { readonly originals: Store },
  id: number,
): Promise<'started' | 'known'> {
  const upload = await findUpload(prisma, id)
  if (upload.status !== 'CREATED') return 'known'
  const key = printUploadKey(id)
  const found = await originals.head(key)
  if (!found)
    throw new AppError('BAD_INPUT', `The archive of upload ${id} has not arrived: PUT it to the upload's URL first.`)
  if (found.bytes !== Number(upload.bytes))
    throw new AppError(
      'BAD_INPUT',
      `The archive of upload ${id} has ${found.bytes} bytes, but ${upload.bytes} were announced: create another upload.`,
    )
  return await inTransaction(pg, async (client) => {
    const { rowCount } = await client.query(
      `update upload set status = 'CHECKING' where id = $1 and status = 'CREATED'`,
      [id],
    )
    if (rowCount === 0) return 'known'
    await cancelDeletion(client, 'ORIGINALS', [key])
    await queueIngest(client, id)
    await client.query('select pg_notify($1, $2)', [UPLOAD_CHANNEL, String(id)])
    return 'started'
  })
}

/**
 * Queues an upload's ingest, replacing a queued one.
 * @param options.waitS not before so many seconds
 * @param options.tries how often it has failed
 */
export async function queueIngest(
  client: Pg | PoolClient,
  uploadId: number,
  { waitS = 0, tries = 0 } = {},
): Promise<void> {
  await client.query(
    `select graphile_worker.add_job('ingest_upload', payload => $1::json, priority => $2, job_key => $3,
       run_at => now() + make_interval(secs => $4))`,
    [JSON.stringify({ uploadId, waitS, tries }), PRIORITY, `upload:${uploadId}`, waitS],
  )
}
