import { on, once } from 'node:events'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { CheckMessage, CheckResult } from '../../console/archive-check/messages.ts'
import { ROOT } from './markdown.ts'

const ASSETS = path.join(ROOT, 'console/dist/assets')

/** A thread in which the check of archives runs as it was built for the console, without Node's own modules. */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads')
  globalThis.self = { postMessage: (message) => parentPort.postMessage(message) }
  import(workerData).then(() => {
    parentPort.on('message', (bytes) => self.onmessage({ data: new Blob([bytes]) }))
    parentPort.postMessage({ kind: 'loaded' })
  })`

/** The check of archives as browsers run it. */
export async function openBrowserCheck() {
  const name = readdirSync(ASSETS).find((file) => /^worker-.*\.js$/.test(file))
  if (!name) throw new Error('the console is not built: run node scripts/setup.mjs')
  const workerData = pathToFileURL(path.join(ASSETS, name)).href
  const thread = new Worker(THREAD, { eval: true, workerData })
  await once(thread, 'message')
  const check = async (archive: Uint8Array): Promise<CheckResult> => {
    thread.postMessage(archive)
    for await (const [message] of on(thread, 'message') as AsyncIterable<[CheckMessage]>) {
      if (message.kind === 'done') return message.result
      if (message.kind === 'unreadable') break
    }
    throw new Error('the archive could not be read')
  }
  return { check, close: () => thread.terminate() }
}
