import { readUrlSecrets } from '../access/secrets.ts'
import { openCloudFront } from '../cdn/cloudfront.ts'
import { type Config, loadConfig } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { configureLog } from '../core/log.ts'
import { openDatabase } from '../db/database.ts'
import { prepareSchema } from '../db/migrate.ts'
import { type DeliveryHealth, diagnoseDelivery } from '../diagnose/delivery.ts'
import { bad, type Finding, ok } from '../diagnose/finding.ts'
import { withDatabase } from '../embedded/with-database.ts'
import { openStores } from '../store/open.ts'
import { findUrlSecrets } from '../variants/url-secrets.ts'
import { askService } from './ask-service.ts'
import { DELIVERY_HEALTH } from './documents.ts'

type Health = Pick<DeliveryHealth, 'findings'>

/**
 * Prints the findings, of the service at AFTERIMAGE_URL or of this machine, where it works even if no API can start; exit code 1 if something
 * is broken or cannot be checked.
 */
export async function runDoctor({ json = false }: { json?: boolean }): Promise<number> {
  const config = loadConfig()
  configureLog(config.log)
  const { findings } = await (config.service
    ? askService(config.service)<{ deliveryHealth: Health }>(DELIVERY_HEALTH).then((data) => data.deliveryHealth)
    : diagnose(config))
  if (json) process.stdout.write(`${JSON.stringify(findings)}\n`)
  else
    for (const { check, status, message, remedy } of findings) {
      process.stdout.write(`${status.padEnd(8)} ${check.padEnd(18)} ${message}\n`)
      if (remedy) process.stdout.write(`${' '.repeat(28)}-> ${remedy}\n`)
    }
  return findings.some(({ status }) => status === 'ERROR') ? 1 : 0
}

/** A service that runs reports its stores at /readyz; one that cannot start because of them cannot. */
async function checkStores(config: Config): Promise<Finding> {
  const check = 'stores'
  try {
    const { originals, previews, close } = await openStores(config)
    await close()
    return ok(check, `${originals.name} and ${previews.name} can be read and written.`)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return bad('ERROR', check, {
      message: error.message,
      remedy:
        'Pictures that are not at a CDN are not delivered until it responds: correct its address, credentials and permissions.',
    })
  }
}

/** What is down is a finding, and the rest is checked all the same. */
async function diagnose(config: Config): Promise<Health> {
  const [stores, others] = await Promise.all([checkStores(config), checkWithDatabase(config)])
  return { findings: [stores, ...others] }
}

async function checkWithDatabase(config: Config): Promise<readonly Finding[]> {
  try {
    return await withDatabase(config, (url) => checkDelivery(config, url))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return [
      bad('ERROR', 'database', {
        message: error.message,
        remedy:
          'Until then a CDN delivers what it has and what is in the bucket, and everything else fails: see "Postgres is lost" in docs/operating/recovery.md. Delivery was not checked.',
      }),
    ]
  }
}

async function checkDelivery(config: Config, databaseUrl: string): Promise<readonly Finding[]> {
  const { pg, close } = await openDatabase(databaseUrl, { connectionsMax: 2 })
  const cdn = config.distributionId ? openCloudFront(config.aws, config.distributionId) : null
  try {
    await prepareSchema(pg, config)
    const urlSecrets = await findUrlSecrets(pg, await readUrlSecrets(config))
    const { findings } = await diagnoseDelivery({ pg, cdn, config, presets: config.presets, urlSecrets })
    return findings
  } finally {
    cdn?.close()
    await close()
  }
}
