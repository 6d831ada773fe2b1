import { execFile } from 'node:child_process'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../core/errors.ts'
import { causes } from '../core/log.ts'
import { isThere } from './iconify.ts'

const PACKAGE = '@iconify/json'
const OPTIONS = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']

/**
 * The directory of all of Iconify: its latest package, installed by npm on the first call and then kept, so that a second import sees the
 * same. Runs no package scripts. Throws UNAVAILABLE with npm's reason.
 * @param options.onInstall called before it is fetched
 */
export async function installIconify(
  dataDir: string,
  options: { onInstall: (folder: string) => void },
): Promise<{ directory: string; version: string }> {
  const folder = path.join(dataDir, 'packages', 'iconify')
  const directory = path.join(folder, 'node_modules', PACKAGE)
  if (!(await isThere(directory))) {
    options.onInstall(folder)
    await install(folder)
  }
  const { version } = JSON.parse(await readFile(path.join(directory, 'package.json'), 'utf8'))
  return { directory, version: String(version) }
}

/** Installed in a temporary folder and then moved, so that an interrupted installation is not taken for the package. */
async function install(folder: string): Promise<void> {
  const draft = `${folder}.part`
  try {
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { recursive: true })
    await promisify(execFile)('npm', ['install', `${PACKAGE}@latest`, '--prefix', draft, ...OPTIONS])
    await rename(draft, folder)
  } catch (error) {
    const output = (error as { stderr?: string }).stderr?.trim().split('\n').slice(0, 2).join(' ')
    throw new AppError(
      'UNAVAILABLE',
      `npm cannot install ${PACKAGE} into ${folder} (${output || causes(error)}): check npm and its connection to the registry, or pass the directory of an installed ${PACKAGE}.`,
      { cause: error },
    )
  }
}
