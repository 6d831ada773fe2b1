import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'

const URL_SECRET_FILE = 'url-secret'

/** 192 random bits, in characters that need no quoting anywhere. */
export const newSecret = (): string => randomBytes(24).toString('base64url')

/**
 * A secret that is generated once and kept in `dataDir` with mode 600.
 * Processes that start at the same time use the same secret: the file is created atomically, and the first one wins.
 */
export async function loadOrCreateSecret(dataDir: string, name: string): Promise<string> {
  const file = path.join(dataDir, name)
  const kept = await readSecret(file)
  if (kept) return kept
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const draft = draftOf(file)
  try {
    await writeFile(draft, `${newSecret()}\n`, { mode: 0o600 })
    await link(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(draft).catch(() => {})
  }
  return (await readSecret(file)) ?? loadOrCreateSecret(dataDir, name)
}

/** The URL secrets: those that are configured, or those that are kept in `dataDir`, one a line. URLs are issued with the first. */
export async function loadUrlSecrets(config: {
  readonly urlSecrets: readonly string[] | null
  readonly dataDir: string
}): Promise<readonly string[]> {
  if (config.urlSecrets) return config.urlSecrets
  return (await loadOrCreateSecret(config.dataDir, URL_SECRET_FILE)).split(/\s+/)
}

/** The same for a command that generates none: empty if none is kept. */
export const readUrlSecrets = async (config: Parameters<typeof loadUrlSecrets>[0]): Promise<readonly string[]> =>
  config.urlSecrets ?? (await readSecret(path.join(config.dataDir, URL_SECRET_FILE)))?.split(/\s+/) ?? []

/** Replaces the URL secrets that are kept in `dataDir`, atomically. Returns the file's path. */
export async function keepUrlSecrets(dataDir: string, values: readonly string[]): Promise<string> {
  const file = path.join(dataDir, URL_SECRET_FILE)
  const draft = draftOf(file)
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`${values.join('\n')}\n`)
      // URLs issued with a secret that a power cut loses would never work again.
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } catch (error) {
    await unlink(draft).catch(() => {})
    throw error
  }
  return file
}

const draftOf = (file: string) => `${file}.${process.pid}-${randomBytes(4).toString('hex')}`

/** The tokens with all scopes: the configured ones, the newest first, or the generated one. */
export async function loadAdminTokens(config: {
  readonly adminTokens: readonly string[]
  readonly dataDir: string
}): Promise<readonly string[]> {
  const { adminTokens, dataDir } = config
  return adminTokens.length > 0 ? adminTokens : [await loadOrCreateSecret(dataDir, 'admin-token')]
}

async function readSecret(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim() || null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
