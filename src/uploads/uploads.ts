import type { Upload } from '../../prisma/generated/client/client.ts'
import { ARCHIVE_LIMITS } from '../archive/limits.ts'
import { show } from '../archive/problems.ts'
import type { LimitsConfig } from '../core/config/limits.ts'
import { AppError } from '../core/errors.ts'
import { printGlobalId } from '../core/global-id.ts'
import { isVendorUsername, printUploadKey } from '../core/variant.ts'
import { nameTarget } from '../db/change.ts'
import { inTransaction, type Pg, type Prisma } from '../db/database.ts'
import { notify } from '../db/notify.ts'
import { execute, fetchFirst, query } from '../db/query.ts'
import { enqueue } from '../jobs/enqueue.ts'
import { cancelDeletion, discardObjects } from '../retention/discarded.ts'
import type { Store } from '../store/store.ts'
import { checkUploads } from './count-uploads.ts'
import { findExceeded } from './quota.ts'

/** The channel on which every visible change is notified; the payload is the upload's id. */
export const UPLOAD_CHANNEL = 'afterimage_upload'

const FILE_NAME_MAX = 255
/** An archive that is never completed is deleted a day after its URL has expired. */
const WAITS_S = 86_400

interface Db {
  readonly pg: Pg
  readonly prisma: Prisma
}

/**
 * Creates an upload that waits for its archive. Throws BAD_INPUT for an invalid username, file name or size, RATE_LIMITED
 * if the client has created too many or too many bytes wait to be ingested, and QUOTA if the vendor has no room.
 * @param input.bytes exact size of the archive
 * @param input.client whose limits it counts for
 */
export async function createUpload(
  { pg, prisma, limits }: Db & { readonly limits: LimitsConfig },
  input: { vendor: string; fileName: string; bytes: number; client: string },
): Promise<Upload> {
  const { vendor, bytes } = input
  const fileName = input.fileName.trim()
  if (!isVendorUsername(vendor))
    throw new AppError(
      'BAD_INPUT',
      `${show(vendor)} is not a vendor's username: use at most 64 letters, digits, - and _.`,
    )
  if (fileName.length === 0 || fileName.length > FILE_NAME_MAX || /\p{Cc}/u.test(fileName))
    throw new AppError('BAD_INPUT', `fileName needs 1 to ${FILE_NAME_MAX} printable characters, not ${show(fileName)}.`)
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > ARCHIVE_LIMITS.archiveBytes)
    throw new AppError(
      'BAD_INPUT',
      `bytes is ${bytes}: give the archive's exact size, from 1 to ${ARCHIVE_LIMITS.archiveBytes}.`,
    )
  const full = await findExceeded(pg, { vendor, limits })
  if (full) throw new AppError('QUOTA', full)
  const id = await inTransaction(pg, async (client) => {
    await checkUploads(client, { owner: input.client, vendor, bytes, limits })
    const values = { vendor, file_name: fileName, bytes: String(bytes), client: input.client }
    const added = await fetchFirst(client, query.insertInto('upload').values(values).returning('id'))
    if (!added) throw new Error('an upload gave no row')
    nameTarget(printGlobalId('Upload', added.id))
    await discardObjects(client, 'ORIGINALS', { keys: [printUploadKey(added.id)], afterS: WAITS_S })
    return added.id
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
 * Queues the ingest of the archive, once; has no effect if the upload has started. Throws NOT_FOUND, or BAD_INPUT if the archive has not
 * arrived or its size is not the announced one.
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
    const start = query.updateTable('upload').set({ status: 'CHECKING' }).where('id', '=', id)
    if ((await execute(client, start.where('status', '=', 'CREATED'))) === 0) return 'known'
    await cancelDeletion(client, 'ORIGINALS', [key])
    await enqueue(client, 'ingest_upload', { uploadId: id })
    await notify(client, UPLOAD_CHANNEL, String(id))
    return 'started'
  })
}
