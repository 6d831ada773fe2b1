import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/store/store.ts'

const SVG = { contentType: 'image/svg+xml' }
const bytes = (text: string) => Buffer.from(text)

/** The contract of every store. @param open an empty store for the test */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`the store contract, kept by ${name}`, () => {
    it('returns the bytes that were put', async () => {
      const store = await open()
      const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
      expect(await store.put('acme/icons/a.svg', all, SVG)).toBe(true)
      expect(await store.get('acme/icons/a.svg')).toEqual(all)
      expect(await store.head('acme/icons/a.svg')).toEqual({ bytes: 256 })
    })

    it('returns a range of the bytes, truncated at the end', async () => {
      const store = await open()
      const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
      await store.put('acme/archive.zip', all, { contentType: 'application/zip' })
      const ranges = [
        [0, 12],
        [0, 1000],
        [100, 101],
        [200, 256],
        [255, 1000],
        [256, 300],
        [5000, 6000],
      ] as const
      for (const [from, to] of ranges)
        expect(await store.get('acme/archive.zip', { range: { from, to } })).toEqual(all.subarray(from, to))
    })

    it('reads a missing object as null, not as an error', async () => {
      const store = await open()
      expect(await store.get('acme/none.svg')).toBeNull()
      expect(await store.head('acme/none.svg')).toBeNull()
      await store.put('acme/file', bytes('x'), SVG)
      expect(await store.get('acme/file/below')).toBeNull()
      expect(await store.get('acme/none.svg', { range: { from: 0, to: 4 } })).toBeNull()
    })

    it('never overwrites unless told to', async () => {
      const store = await open()
      await store.put('a/b.svg', bytes('first'), SVG)
      expect(await store.put('a/b.svg', bytes('second'), SVG)).toBe(false)
      expect(String(await store.get('a/b.svg'))).toBe('first')
      expect(await store.put('a/b.svg', bytes('third'), { ...SVG, replace: true })).toBe(true)
      expect(String(await store.get('a/b.svg'))).toBe('third')
    })

    it('writes many at once, replacing existing ones', async () => {
      const store = await open()
      await store.put('many/set/0.svg', bytes('earlier'), SVG)
      const objects = Array.from({ length: 40 }, (_, index) => ({
        key: `many/set/${index}.svg`,
        bytes: bytes(`new ${index}`),
      }))
      await store.putAll(objects, SVG)
      for (const { key, bytes: put } of objects) expect(await store.get(key)).toEqual(put)
      await store.putAll([], SVG)
    })

    it('has the complete object, whichever of many writers wrote it, when its key identifies its bytes', async () => {
      const store = await open()
      const picture = 'x'.repeat(50_000)
      const options = { ...SVG, keyNamesBytes: true }
      await Promise.all(Array.from({ length: 8 }, () => store.put('a/b.svg', bytes(picture), options)))
      expect(await store.put('a/b.svg', bytes(picture), options)).toBeTypeOf('boolean')
      expect(String(await store.get('a/b.svg'))).toBe(picture)
    })

    it('lets exactly one of many writers win, with a complete object', async () => {
      const store = await open()
      const writers = Array.from({ length: 20 }, (_, index) => String(index).repeat(100_000))
      const wins = await Promise.all(writers.map((text) => store.put('race/a.svg', bytes(text), SVG)))
      expect(wins.filter(Boolean)).toHaveLength(1)
      expect(String(await store.get('race/a.svg'))).toBe(writers[wins.indexOf(true)])
    })

    it('never shows a part of an object that is being replaced', async () => {
      const store = await open()
      const [old, fresh] = ['o'.repeat(3_000_000), 'n'.repeat(3_000_000)]
      await store.put('a/big.svg', bytes(old), SVG)
      let writing = true
      const write = store.put('a/big.svg', bytes(fresh), { ...SVG, replace: true }).finally(() => {
        writing = false
      })
      while (writing) expect([old, fresh]).toContain(String(await store.get('a/big.svg')))
      await write
    })

    it('copies an object, and reports a missing one', async () => {
      const store = await open()
      await store.put('a/1.svg', bytes('first'), SVG)
      expect(await store.copy('a/1.svg', 'b/c/2.svg')).toBe(true)
      expect(await store.copy('a/1.svg', 'b/c/2.svg')).toBe(true)
      // The copy is an object of its own.
      await store.put('a/1.svg', bytes('second'), { ...SVG, replace: true })
      expect(String(await store.get('b/c/2.svg'))).toBe('first')
      expect(await store.copy('a/1.svg', 'b/c/2.svg')).toBe(true)
      await store.delete(['a/1.svg'])
      expect(String(await store.get('b/c/2.svg'))).toBe('second')
      expect(await store.copy('a/1.svg', 'b/c/2.svg')).toBe(false)
      expect(await store.copy('a/none.svg', 'b/none.svg')).toBe(false)
      expect(await store.head('b/none.svg')).toBeNull()
      expect(String(await store.get('b/c/2.svg'))).toBe('second')
    })

    it('deletes, and ignores missing objects', async () => {
      const store = await open()
      await store.put('a/1.svg', bytes('1'), SVG)
      await store.put('a/2.svg', bytes('2'), SVG)
      await store.delete(['a/1.svg', 'a/none.svg'])
      expect(await store.get('a/1.svg')).toBeNull()
      expect(String(await store.get('a/2.svg'))).toBe('2')
    })

    it('lists by prefix, in the order of keys', async () => {
      const store = await open()
      const keys = ['b/x/1.svg', 'a/y/2.svg', 'a/y/1.svg', 'a/yz/1.svg', 'a/x/1.svg', 'a/y/1-a.svg']
      for (const key of keys) await store.put(key, bytes(key), SVG)
      const list = async (prefix: string, after?: string) => {
        const found: string[] = []
        for await (const { key, bytes: size } of store.list(prefix, { after })) {
          expect(size).toBe(key.length)
          found.push(key)
        }
        return found
      }
      expect(await list('')).toEqual([...keys].sort())
      expect(await list('a/y')).toEqual(['a/y/1-a.svg', 'a/y/1.svg', 'a/y/2.svg', 'a/yz/1.svg'])
      expect(await list('a/y/')).toEqual(['a/y/1-a.svg', 'a/y/1.svg', 'a/y/2.svg'])
      expect(await list('none/')).toEqual([])
      expect(await list('a/', 'a/y/1-a.svg')).toEqual(['a/y/1.svg', 'a/y/2.svg', 'a/yz/1.svg'])
    })

    it('accepts an object from outside with the announced size', async () => {
      const { inbox, ...store } = await open()
      const archive = Buffer.from('x'.repeat(300_000))
      const key = 'uploads/1.zip'
      if (inbox.kind === 'direct') {
        const { url, headers } = await inbox.sign(key, { bytes: archive.length, expiresS: 60 })
        expect(new URL(url).origin).toBe(inbox.origin)
        // S3 enforces what was signed; the tests' server does not.
        expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')?.split(';')).toContain('content-length')
        const { status } = await fetch(url, {
          method: 'PUT',
          body: new Uint8Array(archive),
          headers: headers.map(({ name, value }): [string, string] => [name, value]),
        })
        expect(status).toBe(200)
      } else {
        const send = (body: Buffer) => inbox.receive(key, Readable.from([body]), { bytes: archive.length })
        for (const body of [archive.subarray(1), Buffer.concat([archive, archive])])
          await expect(send(body)).rejects.toThrow()
        expect(await store.head(key)).toBeNull()
        expect(await send(archive)).toBe(true)
      }
      expect(await store.get(key)).toEqual(archive)
    })
  })
}
