import { spawnSync } from 'node:child_process'
import { mkdir, readdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { openFsStore } from '../src/store/fs.ts'
import { tempDirectory } from './support/setup.ts'
import { storeContract } from './support/store-contract.ts'
import { until } from './support/until.ts'

const SVG = { contentType: 'image/svg+xml' }

storeContract('the filesystem store', async () => openFsStore(await tempDirectory()))

describe('the filesystem store', () => {
  const outside = [
    '../x.svg',
    'a/../../x.svg',
    '/etc/passwd',
    'a//b.svg',
    'a/./b.svg',
    'a\0b',
    '.drafts/x',
    '',
    '.',
    'a/'.repeat(400),
  ]
  it.each(outside)('refuses the key %j', async (key) => {
    const store = await openFsStore(await tempDirectory())
    await expect(store.get(key)).rejects.toThrow(/BAD_INPUT|not a path|null bytes/i)
    await expect(store.put(key, Buffer.from('x'), SVG)).rejects.toThrow()
    await expect(store.delete([key])).rejects.toThrow()
  })

  it('lists in the order of keys if folders and files share a prefix, and reads empty files', async () => {
    const store = await openFsStore(await tempDirectory())
    const keys = ['a/y-z.svg', 'a/y-z/1.svg', 'a/y.svg', 'a/y/1.svg']
    for (const key of keys) await store.put(key, Buffer.alloc(0), SVG)
    const listed: string[] = []
    for await (const { key } of store.list('a/', { after: 'a/y-z.svg' })) listed.push(key)
    expect(listed).toEqual(keys.slice(1))
    expect(await store.get('a/y.svg', { range: { from: 0, to: 4 } })).toHaveLength(0)
  })

  it('follows no link, neither as a folder nor as a file', async () => {
    const [directory, elsewhere] = [await tempDirectory(), await tempDirectory()]
    const store = await openFsStore(directory)
    await writeFile(path.join(elsewhere, 'secret.svg'), 'secret')
    await symlink(elsewhere, path.join(directory, 'linked'))
    await mkdir(path.join(directory, 'real'))
    await symlink(path.join(elsewhere, 'secret.svg'), path.join(directory, 'real', 'a.svg'))
    await expect(store.get('linked/secret.svg')).rejects.toThrow('link')
    await expect(store.put('linked/new.svg', Buffer.from('x'), SVG)).rejects.toThrow('link')
    await expect(store.put('linked/deep/new.svg', Buffer.from('x'), SVG)).rejects.toThrow('link')
    expect(await readdir(elsewhere)).toEqual(['secret.svg'])
    await expect(store.get('real/a.svg')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await store.head('real/a.svg')).toBeNull()
  })

  it('keeps what is read again and again in memory, and returns nothing that has changed or gone since', async () => {
    const directory = await tempDirectory()
    const store = await openFsStore(directory)
    const other = await openFsStore(directory)
    const file = path.join(directory, 'a', 'b.svg')
    const read = async () => String(await store.get('a/b.svg'))
    await store.put('a/b.svg', Buffer.from('first'), SVG)
    for (let time = 0; time < 4; time++) expect(await read()).toBe('first')
    // Replaced by another process, written in place with as many bytes, cut off, replaced by a link, deleted.
    await other.put('a/b.svg', Buffer.from('other'), { ...SVG, replace: true })
    for (let time = 0; time < 3; time++) expect(await read()).toBe('other')
    await writeFile(file, 'wrote')
    for (let time = 0; time < 3; time++) expect(await read()).toBe('wrote')
    await truncate(file, 2)
    for (let time = 0; time < 3; time++) expect(await read()).toBe('wr')
    await rename(file, path.join(directory, 'moved.svg'))
    await symlink(path.join(directory, 'moved.svg'), file)
    await expect(store.get('a/b.svg')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await rm(file)
    expect(await store.get('a/b.svg')).toBeNull()
  })

  it('leaves no draft, even when a put fails', async () => {
    const directory = await tempDirectory()
    const store = await openFsStore(directory)
    await store.put('a/b.svg', Buffer.from('x'), SVG)
    await store.put('a/b.svg', Buffer.from('y'), SVG)
    await expect(store.put('a/b.svg/c.svg', Buffer.from('z'), SVG)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const objects = ['c.svg', 'a/b.svg/c.svg', 'd.svg'].map((key) => ({ key, bytes: Buffer.from(key) }))
    await expect(store.putAll(objects, SVG)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await until(async () => (await readdir(path.join(directory, '.drafts'))).length === 0)
    const [old, fresh] = ['old', 'fresh'].map((name) => path.join(directory, '.drafts', name)) as [string, string]
    await writeFile(old, 'left by a crash')
    await utimes(old, 0, 0)
    await writeFile(fresh, 'being written')
    const draftOf = (host: string, pid: number) => `${host}.${pid}.0123456789abcdef`
    const dead = spawnSync('true').pid
    const kept = [draftOf(hostname(), process.pid), draftOf('another-host', dead)]
    for (const name of [...kept, draftOf(hostname(), dead)]) await writeFile(path.join(directory, '.drafts', name), '')
    await openFsStore(directory)
    expect(await readdir(path.join(directory, '.drafts'))).toEqual(['fresh', ...kept].sort())
  })

  it('reports which directory it cannot write to', async () => {
    const file = path.join(await tempDirectory(), 'file')
    await writeFile(file, '')
    await expect(openFsStore(path.join(file, 'store'))).rejects.toThrow(/Cannot write to .*DATA_DIR/)
  })
})
