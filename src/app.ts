import { type Access, openAccess } from './access/access.ts'
import { loadAdminTokens, loadUrlSecrets } from './access/secrets.ts'
import { TOKEN_CHANNEL } from './access/tokens.ts'
import { BACKFILL_CHANNEL, HALT_CHANNEL } from './backfill/backfills.ts'
import { createEstimate, type EstimateBackfill } from './backfill/estimate.ts'
import { type Cdn, openCloudFront } from './cdn/cloudfront.ts'
import { createCdnSigner } from './cdn/sign-url.ts'
import { createEnsureComposite, type EnsureComposite } from './composites/ensure.ts'
import { rememberLayouts } from './composites/remember-layouts.ts'
import type { Config } from './core/config.ts'
import { AppError } from './core/errors.ts'
import type { Layouts } from './core/layouts.ts'
import type { Presets } from './core/variant.ts'
import type { UrlSecret } from './core/version.ts'
import { coverPresets } from './coverage/count.ts'
import { type Database, openDatabase } from './db/database.ts'
import type { DatabaseHealth } from './db/health.ts'
import { prepareSchema } from './db/migrate.ts'
import { type Monitor, openMonitor } from './db/monitor.ts'
import { createEvents, type Events } from './db/notifications.ts'
import { type DeliveryCounts, openDeliveryCounts } from './diagnose/delivery-counts.ts'
import { type Doctor, openDoctor } from './diagnose/doctor.ts'
import { QUEUE_CHANNELS } from './jobs/queue-pool.ts'
import { type Limits, openLimits } from './limits/limits.ts'
import type { RenderPool } from './render/contract.ts'
import { openRenderPool } from './render/pool.ts'
import { createThesaurus, type Thesaurus } from './search/synonyms.ts'
import { openStores, type Stores } from './store/open.ts'
import { UPLOAD_CHANNEL } from './uploads/uploads.ts'
import { chooseIssued, printAccepted } from './variants/accepted-secrets.ts'
import { type AdmissionLimiter, openAdmissionLimiter } from './variants/admission.ts'
import { createEnsureVariant, type EnsureVariant } from './variants/ensure.ts'
import { INTERACTIVE_CHANNEL } from './variants/interactive.ts'
import { type RecipeHistory, rememberRecipes } from './variants/recipes.ts'
import { openRecordQueue, type RecordQueue } from './variants/record-queue.ts'
import { openTransformUses, type TransformUses } from './variants/transform-uses.ts'
import { noteIssuing, registerUrlSecrets } from './variants/url-secrets.ts'
import { openWarmQueue, type WarmQueue } from './variants/warm-queue.ts'

/** All parts of the service, wired together. */
export interface App {
  readonly config: Config
  readonly pg: Database['pg']
  readonly searchPool: Database['searchPool']
  readonly keyedPool: Database['keyedPool']
  readonly prisma: Database['prisma']
  readonly health: DatabaseHealth
  readonly monitor: Monitor
  readonly stores: Stores
  readonly pool: RenderPool
  readonly presets: Presets
  readonly recipes: RecipeHistory
  /** Sizes in px that transforms are rounded up to. */
  readonly ladder: readonly number[]
  readonly uses: TransformUses
  readonly events: Events
  readonly layouts: Layouts
  /** Synonyms for searches. */
  readonly thesaurus: Thesaurus
  /** For pictures that are made on request. */
  readonly admission: AdmissionLimiter
  /** What clients may use. */
  readonly limits: Limits
  readonly records: RecordQueue
  readonly warmQueue: WarmQueue
  readonly ensureVariant: EnsureVariant
  readonly ensureComposite: EnsureComposite
  readonly estimateBackfill: EstimateBackfill
  readonly deliveries: DeliveryCounts
  /** Checks the delivery of pictures. */
  readonly doctor: Doctor
  /** Null without a distribution. */
  readonly cdn: Cdn | null
  readonly access: Access
  /** Signs a URL of the CDN that expires, in s since 1970; null without a key. */
  readonly signForCdn: ((url: string, expires: number) => string) | null
  /** Keys and upload URLs are issued with it: the first of the URL secrets, or of those that every process accepts. */
  readonly urlSecret: UrlSecret
  /** All that are accepted. */
  readonly urlSecrets: readonly UrlSecret[]
  /** For tests: name servers that resolve the hosts of new webhooks, instead of the system's. */
  readonly nameServers: readonly string[] | undefined
  readonly close: () => Promise<void>
}

/**
 * Lazy requests that may wait for a renderer are limited by their admission; this limits everything else: a worker's ten jobs work on
 * four items for each renderer.
 */
const WAITING_MAX = 256
const WAITING_PER_RENDERER = 32
/**
 * Pictures that are being made at once, for each renderer, so that reading and storing overlap with rendering; the waiting ones are let in
 * by so many at once.
 */
const PLACES_PER_RENDERER = 6
const REFILL_PER_RENDERER = 3

/**
 * What each kind of process listens to. Postgres wakes every listener of a channel for every notification: of many workers, none should be
 * told of the progress that the others make.
 */
const CHANNELS = {
  api: [BACKFILL_CHANNEL, UPLOAD_CHANNEL, TOKEN_CHANNEL],
  worker: [HALT_CHANNEL, INTERACTIVE_CHANNEL, ...QUEUE_CHANNELS],
} as const

/**
 * Opens every part in order of dependency and closes them in reverse order, also when a later part fails to open.
 * @param overrides.role of a process that has only one; a test may have both
 * @param overrides.pool supplied by a test; not closed here
 */
export async function openApp(
  config: Config,
  overrides: {
    databaseUrl?: string
    pool?: RenderPool
    role?: keyof typeof CHANNELS
    nameServers?: readonly string[]
  } = {},
): Promise<App> {
  await using opening = new AsyncDisposableStack()
  const databaseUrl = overrides.databaseUrl ?? config.databaseUrl
  if (!databaseUrl)
    throw new AppError('CONFIG', 'DATABASE_URL is not set: set it, or run `npm start`, which includes a Postgres.')
  const stores = await openStores(config)
  opening.defer(stores.close)
  const [adminTokens, secrets] = await Promise.all([loadAdminTokens(config), loadUrlSecrets(config)])
  const database = await openDatabase(databaseUrl, { connectionsMax: config.databaseConnections })
  opening.defer(database.close)
  const { pg, searchPool, keyedPool, prisma, health } = database
  await prepareSchema(pg, config)
  const urlSecrets = await registerUrlSecrets(pg, secrets)
  const channels = overrides.role ? CHANNELS[overrides.role] : Object.values(CHANNELS).flat()
  const monitor = await openMonitor(databaseUrl, { channels, health, says: printAccepted(urlSecrets) })
  opening.defer(monitor.close)
  const { urlSecret, close: stopLooking } = await chooseIssued(pg, urlSecrets)
  opening.defer(stopLooking)
  opening.defer((await noteIssuing(pg, urlSecret)).close)
  const deliveries = openDeliveryCounts(pg)
  opening.defer(deliveries.close)
  const uses = openTransformUses(pg)
  opening.defer(uses.close)
  const recipes = await rememberRecipes(pg, config.presets)
  await rememberLayouts(pg, config.layouts)
  await coverPresets({ pg, presets: config.presets, urlSecret })
  const events = createEvents(monitor)
  opening.defer(events.close)
  const access = openAccess({ pg, monitor, config, adminTokens })
  opening.defer(access.close)
  const waitingMax = Math.max(WAITING_MAX, WAITING_PER_RENDERER * config.renderers)
  const pool =
    overrides.pool ?? openRenderPool({ presets: config.presets, size: config.renderers, spares: 1, waitingMax })
  if (!overrides.pool) opening.defer(pool.close)
  const { presets, aws, distributionId } = config
  const cdn = distributionId ? openCloudFront(aws, distributionId) : null
  opening.defer(() => cdn?.close())
  const doctor = openDoctor({ pg, cdn, config, presets, urlSecrets })
  opening.defer(doctor.close)
  const admission = openAdmissionLimiter({
    places: PLACES_PER_RENDERER * pool.size,
    refill: REFILL_PER_RENDERER * pool.size,
  })
  const warmQueue = openWarmQueue(pg, { warmPages: config.warmPages, isBusy: admission.isBusy })
  opening.defer(warmQueue.close)
  const estimateBackfill = createEstimate({ pg, presets, urlSecret })
  const limits = openLimits(config)
  const rendering = { pg, keyedPool, stores, pool, presets, urlSecret, admission }
  const records = openRecordQueue(keyedPool)
  opening.defer(records.close)
  const ensureVariant = createEnsureVariant({ ...rendering, records, warmQueue, limits })
  const { layouts } = config
  const thesaurus = createThesaurus(config.synonyms)
  const ensureComposite = createEnsureComposite({ pg, stores, pool, layouts, urlSecret, admission })
  const owner = opening.move()
  return {
    config,
    pg,
    searchPool,
    keyedPool,
    prisma,
    health,
    monitor,
    stores,
    pool,
    presets,
    recipes,
    ladder: config.ladder,
    uses,
    events,
    layouts,
    thesaurus,
    admission,
    limits,
    records,
    warmQueue,
    ensureVariant,
    ensureComposite,
    estimateBackfill,
    deliveries,
    doctor,
    cdn,
    access,
    signForCdn: config.cdnSigningKey && createCdnSigner(config.cdnSigningKey),
    urlSecret,
    urlSecrets,
    nameServers: overrides.nameServers,
    close: () => owner.disposeAsync(),
  }
}
