import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { importBucket } from '../src/ingest/bucket.ts'
import { openS3Store } from '../src/store/s3.ts'
import { startS3 } from '../test/support/s3-server.ts'
import { table, withBench } from './support/service.ts'

const BUCKET = 'originals'
const KEYS_PER_SECOND_GOAL = 5000

/** The listing of a bucket on its way into the catalogue, over the wire, beside the listing alone. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { keys: { type: 'string', default: '50000' } } })
  const keys = Number(values.keys)
  await withBench(async ({ app, onClose }) => {
    const s3 = await startS3()
    onClose(s3.close)
    await fillBucket(path.join(s3.directory, BUCKET), keys)
    const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
    const aws = { ...app.config.aws, s3Endpoint: s3.url, s3ForcePathStyle: true, credentials }
    const originals = await openS3Store({ bucket: BUCKET, variable: 'ORIGINALS_BUCKET', aws, connectionsMax: 4 })
    onClose(originals.close)

    const listing = await timed(async () => {
      let listed = 0
      for await (const _ of originals.list('')) listed++
      return listed
    })
    const cpu = process.cpuUsage()
    const importing = await timed(async () => (await importBucket({ pg: app.pg, originals }, { prefix: '' })).added)
    const { user, system } = process.cpuUsage(cpu)
    const again = await timed(async () => (await importBucket({ pg: app.pg, originals }, { prefix: '' })).unchanged)
    const row = (what: string, { count, seconds }: Timed) => [
      what,
      count,
      `${(count / seconds).toFixed(0)}/s`,
      (count / seconds / KEYS_PER_SECOND_GOAL).toFixed(2),
    ]
    const rows = [
      row('listing alone', listing),
      row('import of new items', importing),
      row('the same import again', again),
    ]
    const head = ['what', 'keys', 'keys/s', `ratio to the goal of ${KEYS_PER_SECOND_GOAL}/s`]
    process.stdout.write(`${table(head, rows)}\n`)
    const perKey = (user + system) / importing.count
    process.stdout.write(`CPU of the importing process: ${perKey.toFixed(0)} µs per key\n`)
  })
}

interface Timed {
  readonly count: number
  readonly seconds: number
}

async function timed(work: () => Promise<number>): Promise<Timed> {
  const startedAt = performance.now()
  const count = await work()
  return { count, seconds: (performance.now() - startedAt) / 1000 }
}

/** Lays objects down as the server keeps them: putting them over the wire would take longer than the bench. */
async function fillBucket(folder: string, keys: number): Promise<void> {
  const perSet = 500
  for (let from = 0; from < keys; from += perSet) {
    const set = path.join(folder, 'acme/icons/FAMILY000001', `SET${String(from / perSet).padStart(9, '0')}`)
    await mkdir(set, { recursive: true })
    for (let index = from; index < Math.min(from + perSet, keys); index++) {
      const file = path.join(set, `icon-${index}.svg._S3rver_`)
      await writeFile(`${file}object`, '<svg/>')
      await writeFile(`${file}metadata.json`, '{"content-type":"image/svg+xml"}')
      await writeFile(`${file}object.md5`, String(index).padStart(32, '0'))
    }
  }
}
