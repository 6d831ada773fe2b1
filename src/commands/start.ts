import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { loadAdminTokens, loadUrlSecrets } from '../access/secrets.ts'
import { startBackfill } from '../backfill/backfills.ts'
import { readProgress } from '../backfill/progress.ts'
import { checkRequest } from '../backfill/request.ts'
import { WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import type { Serving } from '../core/config/supervised.ts'
import { type Config, loadConfig } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { causes, configureLog, log } from '../core/log.ts'
import type { Presets } from '../core/variant.ts'
import type { UrlSecret } from '../core/version.ts'
import { type Database, openDatabase } from '../db/database.ts'
import { openEmbedded } from '../embedded/open.ts'
import { supervise } from '../embedded/supervise.ts'
import { findWork, standardOrder } from '../variants/find-missing.ts'
import { variantKeyOf } from '../variants/make.ts'
import { registerUrlSecrets } from '../variants/url-secrets.ts'
import { createProgressBar, duration } from './progress-bar.ts'

const DRAW_EVERY_MS = 500
/** Enough to follow a backfill. */
const CONNECTIONS = 3

/** The connections that this process itself uses. */
interface Own extends Pick<Database, 'pg' | 'prisma'> {
  readonly presets: Presets
  readonly urlSecret: UrlSecret
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Runs everything on one machine. Returns the function that closes it; `stop` is called when a part has ended for good. */
export async function startAll(
  stop: (reason: string) => void,
  options: { backfill: boolean },
): Promise<() => Promise<void>> {
  const config = loadConfig()
  configureLog(config.log)
  await using opening = new AsyncDisposableStack()
  const embedded = config.databaseUrl ? null : await openEmbedded(config)
  if (embedded) {
    let isClosing = false
    opening.defer(embedded.close)
    opening.defer(() => {
      isClosing = true
    })
    void embedded.ended.then((sentence) => isClosing || stop(sentence))
  }
  const databaseUrl = config.databaseUrl ?? embedded?.databaseUrl ?? ''
  // Each in its own process: one that crashes is restarted and affects nothing else.
  const api = supervise<Serving>('API', { databaseUrl, config, onGivenUp: stop })
  opening.defer(api.close)
  const serving = await api.ready
  const worker = supervise<null>('worker', { databaseUrl, config, onGivenUp: stop })
  opening.defer(worker.close)
  const database = await openDatabase(databaseUrl, { connectionsMax: CONNECTIONS })
  opening.defer(database.close)
  const [urlSecret] = await registerUrlSecrets(database.pg, await loadUrlSecrets(config))
  if (!urlSecret) throw new Error('there is no URL secret')
  const own: Own = { ...database, presets: config.presets, urlSecret }
  await Promise.all([worker.ready, config.demo && importDemo(config, databaseUrl)])
  await welcome(own, { config, serving })
  if (options.backfill) {
    const watching = new AbortController()
    opening.defer(() => watching.abort())
    backfillAndWatch(own, watching.signal).catch((error) =>
      log.error('the backfill cannot be followed', { cause: causes(error) }),
    )
  }
  const owner = opening.move()
  return () => owner.disposeAsync()
}

/** In its own process, which frees the memory for parsing megabytes of JSON when it ends. */
async function importDemo(config: Config, databaseUrl: string): Promise<void> {
  const child = fork(path.join(import.meta.dirname, '../bin/afterimage.ts'), ['import', '--demo'], {
    env: config.childEnv(databaseUrl),
    silent: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text))
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new AppError('UNAVAILABLE', `The demo cannot be imported: ${output.trim()}`)
  say(`Demo: ${output.trim()}`)
}

async function welcome(
  { prisma, ...keys }: Own,
  { config, serving }: { config: Config; serving: Serving },
): Promise<void> {
  const isShown = { visibility: { not: 'PRIVATE' } } as const
  const sample =
    (await prisma.item.findFirst({ where: { ...isShown, kind: 'ILLUSTRATION' } })) ??
    (await prisma.item.findFirst({ where: isShown }))
  const preset = keys.presets.get('preview') ?? [...keys.presets.values()][0]
  const picture =
    sample && preset && variantKeyOf(keys, sample, { preset: preset.name, format: preset.formats[0] ?? 'WEBP' })
  say(`
  console         ${serving.url}/#code=${serving.signInCode}
                  (signs you in once, within ten minutes)
  GraphiQL        ${serving.url}/graphql
  a picture       ${picture ? `${serving.imageUrl}/${picture}` : 'none yet: npx afterimage import PATH'}
  readiness       ${serving.url}/readyz
  admin token     ${(await loadAdminTokens(config))[0]}
`)
}

/** Resumes an unfinished backfill, or starts one if something is missing, and shows its progress until it ends. */
async function backfillAndWatch(app: Own, signal: AbortSignal): Promise<void> {
  const { prisma, presets, pg } = app
  const unfinished = await prisma.backfill.findFirst({
    where: { status: { in: ['PLANNING', 'RUNNING'] } },
    orderBy: { id: 'desc' },
  })
  const request = checkRequest(presets, { scope: WHOLE_CATALOGUE })
  if (!unfinished && !(await isSomethingMissing(app))) return say('All pictures are ready.')
  const { id } = unfinished ?? (await startBackfill({ pg, prisma }, request))
  const bar = createProgressBar(process.stdout)
  while (!signal.aborted) {
    const [[progress], backfill] = await Promise.all([
      readProgress(pg, [id]),
      prisma.backfill.findUniqueOrThrow({ where: { id } }),
    ])
    if (!progress) return
    bar.draw(progress)
    if (backfill.finishedAt) {
      const seconds = (backfill.finishedAt.getTime() - backfill.createdAt.getTime()) / 1000
      const { doneItems, failedItems, imagesMade, itemsPerSecond } = progress
      return bar.end(
        `Backfill ${backfill.status}: ${imagesMade} images of ${doneItems} items in ${duration(seconds)} (${(itemsPerSecond ?? 0).toFixed(1)} items/s), ${failedItems} failed.`,
      )
    }
    await delay(DRAW_EVERY_MS, undefined, { signal }).catch(() => {})
  }
}

async function isSomethingMissing(app: Own): Promise<boolean> {
  return (await findWork(app.pg, standardOrder(app), { afterId: 0, toId: 2 ** 31 - 1, limit: 1 })).length > 0
}
