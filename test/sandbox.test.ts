import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { getPriority } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import sharp from 'sharp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readPresets } from '../src/core/presets.ts'
import { ROOT } from '../src/render/files.ts'
import { openRenderPool } from '../src/render/pool.ts'
import { candidates, type Isolation, PERMISSIONS, PERMISSIONS_ONLY, type Sandbox } from '../src/render/sandbox.ts'
import { svg } from './support/setup.ts'

const HOSTILE = readFileSync(path.join(import.meta.dirname, 'fixtures/hostile-code.cjs'), 'utf8')
const isRoot = process.getuid?.() === 0
/** An account that is neither root nor a renderer's. */
const USER = isRoot ? 12_345 : (process.getuid?.() ?? 0)

/** Without namespaces or an account of its own, it has the rights of the service's account. */
const SAME_ACCOUNT = {
  javascript: ['signals to the parent', 'network', 'a native read'],
  native: [
    ...['/etc/passwd', 'configuration', 'data directory', "parent's environment", "parent's memory", 'other processes'],
    ...['signals to the parent', 'other programs', 'other Node processes', 'writing a file', 'changing the code'],
    ...['network', 'a native read'],
  ],
}

/** What hostile code may reach, by what keeps it. `privileges` is that of an account that is not root. */
const REACHED: Readonly<Record<Isolation, { javascript: readonly string[]; native: readonly string[] }>> = {
  namespaces: { javascript: [], native: ['other Node processes'] },
  account: {
    javascript: ['network', 'a native read'],
    native: [
      ...['/etc/passwd', 'configuration', 'other processes', 'other programs', 'other Node processes'],
      ...['network', 'a native read'],
    ],
  },
  privileges: SAME_ACCOUNT,
  permissions: SAME_ACCOUNT,
}

const label = ({ launcher }: Sandbox) =>
  launcher.filter((word) => /^--(user|reuid)/.test(word)).join(' ') || 'the same account'

const rows = [
  ...(isRoot ? [...candidates(), PERMISSIONS_ONLY].map((sandbox) => ({ sandbox, uid: 0 })) : []),
  ...[...candidates({ isRoot: false }), PERMISSIONS_ONLY].map((sandbox) => ({ sandbox, uid: USER })),
]

describe.runIf(process.platform === 'linux')('hostile code in a renderer', () => {
  it.each(
    rows.flatMap(({ sandbox, uid }) =>
      (['javascript', 'native'] as const).map(
        (kind) => [sandbox.isolation, label(sandbox), uid === 0 ? 'root' : 'a user', kind, sandbox, uid] as const,
      ),
    ),
  )('by %s (%s) of %s reaches nothing more as %s', async (isolation, _label, _parent, kind, sandbox, uid) => {
    const reached = await attack({ sandbox, uid, kind })
    if (process.env.REACHED)
      appendFileSync(process.env.REACHED, `${[isolation, _label, _parent, kind].join(' | ')}: ${reached.join(', ')}\n`)
    expect(REACHED[isolation][kind]).toEqual(expect.arrayContaining(reached))
  })
})

/** Starts a process with secrets, and hostile code in a renderer's place; both as `uid`. Returns what the latter reached. */
async function attack({ sandbox, uid, kind }: { sandbox: Sandbox; uid: number; kind: 'javascript' | 'native' }) {
  const account = isRoot ? { uid, gid: uid } : {}
  const dataDir = await secretDirectory(uid)
  const picture = path.join(dataDir, 'canary.png')
  await writeFile(
    picture,
    await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer(),
  )
  await chmod(picture, 0o644)
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const victim = spawn(process.execPath, ['--eval', 'process.stdin.resume(); console.log()'], {
    ...account,
    cwd: '/',
    env: { ADMIN_SECRET: 'SECRET' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  onTestFinished(() => end(victim))
  await new Promise((resolve) => victim.stdout.once('data', resolve))
  const target = {
    victim: victim.pid,
    port: (server.address() as { port: number }).port,
    root: ROOT,
    dataDir,
    picture,
    writable: path.join(dataDir, 'written'),
  }
  const [program = '', ...args] = [
    ...sandbox.launcher,
    process.execPath,
    ...(kind === 'javascript' ? PERMISSIONS : []),
    '--eval',
    HOSTILE,
  ]
  const child = spawn(program, args, {
    ...account,
    cwd: '/',
    env: { TARGET: JSON.stringify(target) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => end(child))
  const report = await text(child.stderr)
  return JSON.parse(report.slice(report.indexOf('['))) as string[]
}

/** Not below the folder of this run, which may be closed to others. */
async function secretDirectory(uid: number): Promise<string> {
  const directory = await mkdtemp('/tmp/afterimage-secrets-')
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await writeFile(path.join(directory, 'url-secret'), 'SECRET', { mode: 0o600 })
  // The folder can be entered, so that a picture in it is read wherever files are seen.
  await chmod(directory, 0o755)
  if (isRoot) for (const file of [directory, path.join(directory, 'url-secret')]) await chown(file, uid, uid)
  return directory
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('close', () => resolve())
    child.kill('SIGKILL')
  })
}

it.runIf(process.platform === 'linux')(
  'a renderer has no environment but its configuration, gives way to its parent, and no limit is open',
  async () => {
    const { presets } = readPresets(path.join(ROOT, 'presets.json'))
    const pool = openRenderPool({ presets, size: 1, waitingMax: 1 })
    onTestFinished(pool.close)
    await pool.render(Buffer.from(svg('<path d="M0 0h9v9z"/>')), [{ preset: 'preview', format: 'WEBP' }], {
      cpuLimitMs: 10_000,
    })
    const [pid] = pool.pids
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').filter(Boolean)
    expect(
      environment
        .map((line) => line.split('=')[0] ?? '')
        .filter((name) => !/^(OLD)?PWD$/.test(name))
        .sort(),
    ).toEqual([
      ...['FONTCONFIG_FILE', 'MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_'],
      ...['MIMALLOC_PURGE_DELAY', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'NODE_COMPILE_CACHE'],
    ])
    expect(getPriority(pid)).toBe(Math.max(getPriority(), 3))
    const limits = await readFile(`/proc/${pid}/limits`, 'utf8')
    expect(limits).toMatch(/^Max file size +0 +0 /m)
    expect(limits).toMatch(/^Max core file size +0 +0 /m)
  },
)
