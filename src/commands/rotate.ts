import { keepUrlSecrets, loadUrlSecrets, newSecret } from '../access/secrets.ts'
import { type Config, loadConfig } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { configureLog } from '../core/log.ts'
import type { UrlSecret } from '../core/version.ts'
import { openDatabase, type Pg } from '../db/database.ts'
import { prepareSchema } from '../db/migrate.ts'
import { withDatabase } from '../embedded/with-database.ts'
import { copyMoved } from '../rotation/copy-moved.ts'
import { countMoved, type Keys } from '../rotation/find-moved.ts'
import { dropDateOf, firstSteps, nextSteps, type Rotation } from '../rotation/steps.ts'
import { openStores } from '../store/open.ts'
import { findUrlSecrets, readIssued, registerUrlSecrets } from '../variants/url-secrets.ts'
import { createProgressBar } from './progress-bar.ts'

const CONNECTIONS = 6
const ALL = 2 ** 31 - 1

const say = (...lines: string[]) => process.stdout.write(`${lines.join('\n')}\n`)

/** Rotates the secret of URLs; returns the exit code. Throws AppError if a secret cannot be dropped yet. */
export async function runRotate(options: { dryRun?: boolean; drop?: boolean; now?: boolean }): Promise<number> {
  const config = loadConfig()
  configureLog(config.log)
  return await withDatabase(config, async (databaseUrl) => {
    const { pg, close } = await openDatabase(databaseUrl, { connectionsMax: CONNECTIONS })
    try {
      await prepareSchema(pg, config)
      return options.drop
        ? await drop(config, pg, { now: options.now ?? false })
        : await rotate(config, pg, { isDryRun: options.dryRun ?? false })
    } finally {
      await close()
    }
  })
}

async function rotate(config: Config, pg: Pg, { isDryRun }: { isDryRun: boolean }): Promise<number> {
  const isKept = config.urlSecrets === null
  let secrets = await loadUrlSecrets(config)
  if (!(await findUrlSecrets(pg, secrets)))
    throw new AppError(
      'BAD_INPUT',
      'The service uses none of these URL secrets: run this with its URL_SECRETS, URL_SECRET or DATA_DIR.',
    )
  if (secrets.length === 1 && !isKept) {
    say(...firstSteps(newSecret()))
    return 0
  }
  if (secrets.length === 1) {
    if (isDryRun) {
      say(
        'It would put a new secret into DATA_DIR/url-secret, before the present one, and copy every picture to its new key.',
      )
      return 0
    }
    // The present one first: of two unknown secrets, the one of the existing pictures is older.
    await registerUrlSecrets(pg, secrets)
    secrets = [newSecret(), ...secrets]
    say(`A new secret is the first in ${await keepUrlSecrets(config.dataDir, secrets)}; the old one is still accepted.`)
  }
  const { newest, rotation } = await readRotation(config, pg, secrets)
  const keys: Keys = { pg, presets: config.presets, urlSecret: newest }
  const count = await countMoved(keys, { max: ALL })
  const pictures = count === 1 ? '1 picture' : `${count} pictures`
  if (isDryRun) say(`It would copy ${pictures} to keys by the new secret.`)
  else if (count > 0) {
    say(`Copying ${pictures} to keys by the new secret; none is rendered again.`)
    if (!(await copyAll(config, keys, count))) return 1
  } else say('Every picture is stored under its key by the new secret.')
  say(...nextSteps(rotation, new Date()))
  return 0
}

async function readRotation(config: Config, pg: Pg, secrets: readonly string[]) {
  const registered = await registerUrlSecrets(pg, secrets)
  const newest = registered.reduce((a: UrlSecret, b) => (b.id > a.id ? b : a))
  const rotation: Rotation = {
    issuesNewest: registered[0] === newest,
    issued: await readIssued(pg, newest),
    isKept: config.urlSecrets === null,
    supersededDays: config.supersededDays,
  }
  return { newest, rotation }
}

/** Copies with a progress bar. False: interrupted. */
async function copyAll(config: Config, keys: Keys, count: number): Promise<boolean> {
  const interrupted = new AbortController()
  const interrupt = () => interrupted.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt)
  const stores = await openStores(config)
  try {
    const bar = createProgressBar(process.stdout)
    const startedAt = performance.now()
    const { copied, lost } = await copyMoved(
      { ...keys, previews: stores.previews },
      {
        signal: interrupted.signal,
        onBatch(report) {
          const rate = report.copied / ((performance.now() - startedAt) / 1000)
          bar.draw({
            totalItems: count,
            doneItems: report.copied,
            failedItems: report.lost,
            imagesMade: 0,
            bytesWritten: 0,
            itemsPerSecond: rate,
            etaSeconds: rate > 0 ? Math.ceil((count - report.copied - report.lost) / rate) : null,
          })
        },
      },
    )
    const isWhole = !interrupted.signal.aborted
    bar.end(
      isWhole
        ? `Copied ${copied}.${lost > 0 ? ` The objects of ${lost} are lost: they are rendered on request.` : ''}`
        : `Interrupted after ${copied} of ${count}: run the same command again to continue.`,
    )
    return isWhole
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt)
    await stores.close()
  }
}

/** Removes the older secrets from the kept file. */
async function drop(config: Config, pg: Pg, { now }: { now: boolean }): Promise<number> {
  if (config.urlSecrets)
    throw new AppError(
      'BAD_INPUT',
      'URL_SECRETS is set: remove the old secret from it in every API and worker yourself.',
    )
  const secrets = await loadUrlSecrets(config)
  const [first = ''] = secrets
  if (secrets.length === 1) {
    say('There is only one secret: nothing to drop.')
    return 0
  }
  const { newest, rotation } = await readRotation(config, pg, secrets)
  const dropDate = dropDateOf(rotation)
  if (!dropDate || (dropDate > new Date() && !now))
    throw new AppError(
      'BAD_INPUT',
      dropDate
        ? `URLs of the old secret are still in use: it may be dropped from ${dropDate.toISOString().slice(0, 10)} on, or with --now if somebody knows it.`
        : 'The service has not issued URLs with the new secret yet: restart it first.',
    )
  const left = await countMoved({ pg, presets: config.presets, urlSecret: newest }, { max: 1000 })
  if (left > 0)
    throw new AppError(
      'BAD_INPUT',
      `${left} pictures${left === 1000 ? ' or more' : ''} are not copied yet: run afterimage rotate url-secret first.`,
    )
  say(`Only the new secret is in ${await keepUrlSecrets(config.dataDir, [first])} now. Restart the service.`)
  return 0
}
