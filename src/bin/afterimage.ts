#!/usr/bin/env node
import path from 'node:path'
import { createProgram } from '../commands/program.ts'
import { WORKER_FLAGS } from '../embedded/supervise.ts'

/** The command `afterimage`: npm's scripts call it. */
await createProgram({
  // Takes the place of this process, because the memory limits of a worker are flags of Node.
  becomeWorker: () =>
    process.execve?.(process.execPath, [
      process.execPath,
      ...WORKER_FLAGS,
      path.join(import.meta.dirname, '../../workers/main.ts'),
    ]),
}).parseAsync()
