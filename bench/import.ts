import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { importBucket } from '../src/import/bucket.ts'
import { openS3Store } from '../src/store/s3.ts'
import { startS3 } from '../test/support/s3-server.ts'
import { installDependencies } from './fidelity/dependencies.ts'
import { peakRssMb, table, withBench } from './support/service.ts'

const BUCKET = 'originals'
const KEYS_PER_SECOND_GOAL = 5000

/** Imports the listing of a bucket, or with `--iconify` all of Iconify. */
export async function run(args: string[]): Promise<void> {
  const options = {
    keys: { type: 'string', default: '50000' },
    iconify: { type: 'boolean' },
    // Where @iconify/json is installed, to avoid another copy.
    packages: { type: 'string' },
  } as const
  const { values } = parseArgs({ args, options })
  if (values.iconify) await runIconify(values.packages ?? (await installDependencies()).modules)
  else await runBucket(Number(values.keys))
}

/** Runs the program twice and compares it with its goals. */
async function runIconify(modules: string): Promise<void> {
  await withBench(async ({ env }) => {
    const rows: (string | number)[][] = []
    for (const what of ['import of new items', 'the same import again']) {
      const { said, seconds, peakMb } = await runToEnd(
        'src/bin/afterimage.ts',
        ['import', path.join(modules, '@iconify/json')],
        env,
      )
      const [added = 0, changed = 0, unchanged = 0, refused = 0] =
        said.match(/\d+(?= (added|changed|unchanged|refused))/g) ?? []
      const items = Number(added) + Number(changed) + Number(unchanged)
      rows.push([
        what,
        items,
        refused,
        `${(items / seconds).toFixed(0)}/s`,
        `${seconds.toFixed(0)} s`,
        `${peakMb.toFixed(0)} MB`,
      ])
      process.stdout.write(said)
    }
    process.stdout.write(
      `${table(['what', 'items', 'refused', 'rate', 'time (goal 300 s)', 'peak RSS (goal 400 MB)'], rows)}\n`,
    )
  })
}

/** Runs one of our programs to its end. */
async function runToEnd(file: string, args: readonly string[], env: Record<string, string>) {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [file, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  let said = ''
  child.stdout.on('data', (text) => (said += text))
  let peakMb = 0
  const look = async () => {
    peakMb = Math.max(peakMb, await peakRssMb(child.pid ?? 0))
  }
  const poll = setInterval(() => void look(), 200)
  const [code] = await gone
  clearInterval(poll)
  if (code !== 0) throw new Error(`${file} ended with ${code}: ${said}`)
  return { said, seconds: (performance.now() - startedAt) / 1000, peakMb }
}

/** Over the network, compared with the listing alone. */
async function runBucket(keys: number): Promise<void> {
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

/** Writes objects in the server's own format: uploading them would take longer than the bench. */
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
