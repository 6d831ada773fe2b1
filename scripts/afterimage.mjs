#!/usr/bin/env node
// The command `afterimage`, with whatever Node is installed: in a fresh clone it first installs and generates what it needs, as npm's
// scripts do, and it runs on the Node of the lock file.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const inRoot = (file) => path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), file)
const NEEDED = ['node_modules/.afterimage/generated', 'prisma/generated/pothos.ts', 'console/dist/index.html']
if (!NEEDED.every((file) => existsSync(inRoot(file)))) {
  // On stderr: its progress is no result of the command.
  const { status } = spawnSync(process.execPath, [inRoot('scripts/setup.mjs')], { stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}

const own = inRoot('node_modules/.bin/node')
const node = existsSync(own) ? own : process.execPath
const args = [inRoot('src/bin/afterimage.ts'), ...process.argv.slice(2)]
// Older Nodes cannot be replaced by another program.
process.execve?.(node, [node, ...args])
const child = spawn(node, args, { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
