import { Buffer } from 'buffer/'
import { runSoon } from './timers.ts'

/** What Node has without an import: loaded before everything that uses it. */
Object.assign(globalThis, { Buffer, setImmediate: runSoon, global: globalThis })
