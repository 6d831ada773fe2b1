import { spawnSync } from 'node:child_process'
import { readFile, utimes } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { openHeartbeatFile } from '../src/core/heartbeat-file.ts'
import { readDockerfile } from './support/container.ts'
import { tempDirectory } from './support/setup.ts'

it('a heartbeat file is new while its process is alive, which the check of the container sees without a Node of its own', async () => {
  const file = path.join(await tempDirectory(), 'heartbeat')
  const isHealthy = () => {
    const { status } = spawnSync('sh', ['-c', readDockerfile().healthCheck], {
      env: { ...process.env, HEARTBEAT_FILE: file },
    })
    return status === 0
  }
  expect(isHealthy()).toBe(false)
  await openHeartbeatFile(file, async () => {}).close()
  expect(isHealthy()).toBe(true)

  const old = new Date(Date.now() - 120_000)
  await utimes(file, old, old)
  const written = await readFile(file, 'utf8')
  await openHeartbeatFile(file, () => Promise.reject(new Error('its port does not answer'))).close()
  expect([isHealthy(), await readFile(file, 'utf8')]).toEqual([false, written])
})
