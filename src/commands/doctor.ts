import { readUrlSecrets } from '../access/secrets.ts'
import { openCloudFront } from '../cdn/cloudfront.ts'
import { type Config, loadConfig } from '../core/config.ts'
import { configureLog } from '../core/log.ts'
import { openDatabase } from '../db/database.ts'
import { prepareSchema } from '../db/migrate.ts'
import { type DeliveryHealth, diagnoseDelivery } from '../diagnose/delivery.ts'
import { withDatabase } from '../embedded/with-database.ts'
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
    : withDatabase(config, (url) => diagnose(config, url)))
  if (json) process.stdout.write(`${JSON.stringify(findings)}\n`)
  else
    for (const { check, status, message, remedy } of findings) {
      process.stdout.write(`${status.padEnd(8)} ${check.padEnd(18)} ${message}\n`)
      if (remedy) process.stdout.write(`${' '.repeat(28)}-> ${remedy}\n`)
    }
  return findings.some(({ status }) => status === 'ERROR') ? 1 : 0
}

async function diagnose(config: Config, databaseUrl: string): Promise<Health> {
  const { pg, close } = await openDatabase(databaseUrl, { connectionsMax: 2 })
  const cdn = config.distributionId ? openCloudFront(config.aws, config.distributionId) : null
  try {
    await prepareSchema(pg, config)
    const urlSecrets = await findUrlSecrets(pg, await readUrlSecrets(config))
    return await diagnoseDelivery({ pg, cdn, config, presets: config.presets, urlSecrets })
  } finally {
    cdn?.close()
    await close()
  }
}
