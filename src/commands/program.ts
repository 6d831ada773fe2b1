import { readFileSync } from 'node:fs'
import path from 'node:path'
import tab from '@bomb.sh/tab/commander'
import { Command, type CommanderError, InvalidArgumentError, Option } from 'commander'
import { TOKEN_SCOPES } from '../access/caller.ts'
import { IMPORT_HELP } from './import-help.ts'
import { count, countOfSome, date, FORMATS, formats, list, url } from './option-values.ts'
import { REBUILD_HELP } from './rebuild-help.ts'
import { run, runProcess, USAGE } from './run-process.ts'

const PRIORITIES = ['low', 'normal', 'high'] as const
const MODES = ['missing', 'stale', 'failed', 'all'] as const

const JSON_HELP = 'print JSON'

const CHANGES = {
  pause: 'Stop a backfill until it is resumed',
  resume: 'Continue a paused backfill',
  cancel: 'End a backfill; what it made stays',
  watch: 'Follow a backfill to its end',
} as const

const AFTER = `
Commands that read or change the catalogue work on the data directory (DATA_DIR) or DATABASE_URL of this machine, whether the
service runs there or not; with AFTERIMAGE_URL and AFTERIMAGE_TOKEN set, on the service at that address.

Exit codes: 0, 1 if the command failed, 2 if the command line is wrong.`

/**
 * The command `afterimage` with everything it can do; parsing it runs one. Implementations are loaded when they run, so that --help is quick.
 * @param becomeWorker replaces the process by a worker
 */
export function createProgram({ becomeWorker }: { becomeWorker: () => unknown }): Command {
  const program = new Command('afterimage')
    .description('Previews of large SVG catalogues: runs the service and operates it.')
    .version(versionOfPackage())
    .helpCommand(false)
    .addHelpText('after', AFTER)
    // An option after a subcommand is the subcommand's.
    .enablePositionalOptions()
    .exitOverride(exitWithUsage)
  addProcesses(program.commandsGroup('Run the service:'), becomeWorker)
  addImports(program.commandsGroup('Fill the catalogue:'))
  addPictures(program.commandsGroup('Make pictures, and see what is missing:'))
  addOperations(program.commandsGroup('Operate:'))
  tab(program, { completionCommandName: 'completion' })
  nameHelp(program, 'afterimage')
  return program
}

/** Has each command's usage errors name its own help. */
function nameHelp(command: Command, name: string): void {
  command.showHelpAfterError(`${name} --help lists what there is.`)
  for (const each of command.commands) nameHelp(each, `${name} ${each.name()}`)
}

function addProcesses(program: Command, becomeWorker: () => unknown): void {
  program
    .command('start')
    .description('Everything on this machine: Postgres, API, worker and console, until Ctrl-C')
    .option('--no-backfill', 'make pictures on request only')
    .action(async (options) => {
      const { startAll } = await import('./start.ts')
      await runProcess(async (stop) => ({ close: await startAll(stop, options) }))
    })
  program
    .command('api')
    .description('An API on DATABASE_URL; any number may run')
    .action(async () => {
      const { startApi } = await import('./api.ts')
      await runProcess(startApi)
    })
  program
    .command('worker')
    .description('A worker on DATABASE_URL; any number may run')
    .action(() => void becomeWorker())
}

function addImports(program: Command): void {
  program
    .command('import')
    .description('SVGs of a directory, a bucket or Iconify; the same import again changes nothing')
    .argument('[source]', 'a directory, s3://BUCKET/PREFIX, or iconify for all of Iconify')
    .option('--demo', 'the icons that start shows')
    .option('--adopt', 'also register the pictures that are in PREVIEWS_BUCKET')
    .option('--delete-broken', 'with --adopt: delete what is not WebP')
    .option('--json', JSON_HELP)
    .addHelpText('after', IMPORT_HELP)
    .action(run(async (source, options) => (await import('./import.ts')).runImport(source, options)))
  program
    .command('ingest')
    .description("Check a vendor's archive and send it to a running service")
    .argument('<archive>', 'a ZIP of SVGs with a manifest.json that matches docs/manifest.schema.json')
    .option('--dry-run', 'only check it: everything that is wrong, a line each; exit code 1 if there is a problem')
    .option('--api <url>', 'the service; AFTERIMAGE_URL or http://HOST:PORT if omitted', url)
    .option('--json', JSON_HELP)
    .action(run(async (archive, options) => (await import('./ingest.ts')).runIngest(archive, options)))
}

function addPictures(program: Command): void {
  const backfill = program
    .command('backfill')
    .description('Make the missing pictures of the catalogue')
    .enablePositionalOptions()
    .option('--plan', 'only say what it would make')
    .option('--watch', 'follow it to its end; Ctrl-C leaves it running')
    .option('--vendor <username>', "this vendor's items only")
    .option('--family <id>', "this family's items only")
    .option('--presets <names>', 'separated by commas; all that backfills include if omitted', list)
    .addOption(new Option('--formats <formats>', `of ${FORMATS.join(', ')}, separated by commas`).argParser(formats))
    .addOption(new Option('--mode <mode>', 'which items').choices(MODES).default('stale'))
    .option('--previews', "also compose the families' previews")
    .option('--max-renderers <count>', 'renderers of all workers that it uses at once', countOfSome)
    .addOption(new Option('--priority <priority>', 'which of several backfills goes first').choices(PRIORITIES))
    .option('--not-after <date>', 'pause it then if it is not done, as in 2027-01-31T06:00:00Z', date)
    .option('--json', JSON_HELP)
    .action(run(async (options) => (await import('./backfill.ts')).runBackfill(options)))
  for (const [verb, description] of Object.entries(CHANGES))
    backfill
      .command(verb)
      .description(description)
      .argument('<id>', 'as printed by backfill')
      .option('--json', JSON_HELP)
      .action(
        run(async (id, options) =>
          (await import('./backfill.ts')).changeBackfill(verb as keyof typeof CHANGES, id, options),
        ),
      )
  program
    .command('coverage')
    .description('How many items have their pictures, by preset')
    .option('--vendor <username>', 'of this vendor')
    .option('--json', JSON_HELP)
    .action(run(async (options) => (await import('./reports.ts')).printCoverage(options)))
  program
    .command('failures')
    .description('The items that cannot be drawn, and why')
    .option('--vendor <username>', 'of this vendor')
    .option('--code <code>', 'with this reason code')
    .option('--limit <count>', 'at most so many', countOfSome, 100)
    .option('--json', 'print a JSON object per line')
    .action(run(async (options) => (await import('./reports.ts')).printFailures(options)))
  program
    .command('explain')
    .description('Why a picture is missing, or what an address leads to')
    .argument('<url>', 'a URL, a path, a key, an id or a slug')
    .option('--json', JSON_HELP)
    .action(run(async (subject, options) => (await import('./reports.ts')).explain(subject, options)))
  program
    .command('presets')
    .description('The presets that this service draws')
    .option('--json', JSON_HELP)
    .action(run(async (options) => (await import('./reports.ts')).printPresets(options)))
  program
    .command('preview')
    .description("Compose a family's preview again")
    .argument('<family>', 'its id')
    .option('--layout <name>', 'in this layout; the default one if omitted')
    .option('--seed <number>', 'the same seed and items give the same picture', count)
    .option('--pin <ids>', 'items that it shows, separated by commas', list)
    .option('--exclude <ids>', 'items that it never shows, separated by commas', list)
    .option('--json', JSON_HELP)
    .action(run(async (family, options) => (await import('./reports.ts')).regeneratePreview(family, options)))
}

function addOperations(program: Command): void {
  program
    .command('takedown')
    .description('Hide an item, a set, a family or a vendor at once, and delete its pictures')
    .argument('<id>', 'what to take down')
    .requiredOption('--reason <text>', 'for the receipt')
    .option('--no-wait', 'do not wait until its pictures are deleted and the CDN is purged')
    .option('--json', JSON_HELP)
    .action(run(async (id, options) => (await import('./takedown.ts')).takeDown(id, options)))
  program
    .command('restore')
    .description('Undo a take-down')
    .argument('<id>', 'of the take-down, or of what was taken down')
    .option('--json', JSON_HELP)
    .action(run(async (id, options) => (await import('./takedown.ts')).restore(id, options)))
  const token = program.command('token').description('Create, list and revoke tokens')
  token
    .command('create')
    .description('Print a new token, which is not shown again')
    .argument('<name>', 'what it is for')
    .addOption(new Option('--scopes <scopes>', `of ${TOKEN_SCOPES.join(', ')}`).argParser(list).makeOptionMandatory())
    .option('--vendor <username>', 'its holder sees and changes the things of this vendor alone')
    .option('--new-vendor', 'there is no such vendor yet: the first upload with the token creates it')
    .option('--expires <date>', 'as in 2027-01-31 or 2027-01-31T12:00:00Z', date)
    .option('--json', JSON_HELP)
    .action(run(async (name, options) => (await import('./token.ts')).createToken(name, options)))
  token
    .command('list')
    .description('The tokens, without their secrets')
    .option('--json', JSON_HELP)
    .action(run(async (options) => (await import('./token.ts')).listTokens(options)))
  token
    .command('revoke')
    .description('Revoke a token, and those that were created with it')
    .argument('<prefix>', 'the beginning that list shows: ai_live_ and eight characters')
    .option('--json', JSON_HELP)
    .action(run(async (prefix, options) => (await import('./token.ts')).revokeToken(prefix, options)))
  program
    .command('rotate')
    .description('Replace the secret of picture and upload URLs, in steps that it prints')
    .addOption(new Option('--dry-run', 'only say what it would do'))
    .argument('<what>', 'url-secret', (what) => {
      if (what !== 'url-secret') throw new InvalidArgumentError('Only url-secret is rotated by a command.')
      return what
    })
    .option('--drop', 'remove the old secrets from DATA_DIR/url-secret, from the day that it prints')
    .option('--now', 'with --drop: at once, because somebody knows the old secret')
    .action(run(async (_what, options) => (await import('./rotate.ts')).runRotate(options)))
  program
    .command('migrate')
    .description("Compare the database with this release, or apply the release's migrations")
    .option('--check', 'only list what is pending; exit code 1 if something is (the default)')
    .addOption(
      new Option('--apply', 'apply it; processes of the previous release may run meanwhile').conflicts('check'),
    )
    .option('--json', JSON_HELP)
    .action(run(async (options) => (await import('./migrate.ts')).runMigrate(options)))
  program
    .command('snapshot')
    .description('Write the catalogue, without pictures, to the store of originals, for rebuild')
    .option('--json', JSON_HELP)
    .action(run(async (options) => (await import('./snapshot.ts')).runSnapshot(options)))
  program
    .command('rebuild')
    .description('Make the catalogue again in an empty database, from the stores')
    .option('--snapshot <name>', 'from this one instead of the latest, as 20270131T021700Z')
    .option('--tombstones', 'only apply what was taken down, hidden or revoked, to a database restored from a backup')
    .option('--json', JSON_HELP)
    .addHelpText('after', REBUILD_HELP)
    .action(run(async (options) => (await import('./rebuild.ts')).runRebuild(options)))
  program
    .command('doctor')
    .description('Check how pictures are delivered; exit code 1 if something is broken')
    .option('--json', JSON_HELP)
    .action(run(async (options) => (await import('./doctor.ts')).runDoctor(options)))
}

function exitWithUsage({ exitCode }: CommanderError): never {
  process.exit(exitCode === 0 ? 0 : USAGE)
}

const versionOfPackage = (): string =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8')).version
