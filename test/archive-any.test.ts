import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkArchive } from '../src/archive/check.ts'
import { bytesSource, packZip } from './support/zip.ts'

interface File {
  readonly slug: string
  readonly bytes: Uint8Array
  readonly compress: boolean
  readonly isStreamed: boolean
}

const files = fc.uniqueArray(
  fc.record<File>({
    slug: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,12}$/),
    bytes: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 40, size: 'max' })),
    compress: fc.boolean(),
    isStreamed: fc.boolean(),
  }),
  { selector: ({ slug }) => slug, minLength: 1, maxLength: 12 },
)

const pack = (list: readonly File[], options: { folder: string; zip64: boolean }) =>
  packZip(
    (zip) => {
      const names = list.map(({ slug }) => ({ file: `${slug}.svg` }))
      const families = [{ name: 'Any', sets: [{ name: 'Any', kind: 'icon', files: names }] }]
      zip.addBuffer(Buffer.from(JSON.stringify({ vendor: 'acme', families })), `${options.folder}manifest.json`)
      for (const { slug, bytes, compress, isStreamed } of list) {
        const name = `${options.folder}${slug}.svg`
        if (isStreamed) zip.addReadStream(Readable.from([Buffer.from(bytes)]), name, { compress })
        else zip.addBuffer(Buffer.from(bytes), name, { compress })
      }
    },
    { forceZip64Format: options.zip64 },
  )

/** What can be read from it: nothing, or exactly the packed bytes. */
async function expectExact(archive: Buffer, list: readonly File[]): Promise<boolean> {
  const { archive: taken, problemCount } = await checkArchive(bytesSource(archive))
  expect(taken === null).toBe(problemCount > 0)
  const read = taken?.sets[0]?.files ?? []
  if (taken) expect(read.map(({ slug }) => slug)).toEqual(list.map(({ slug }) => slug))
  for (const [index, { file }] of read.entries())
    expect(Buffer.compare((await taken?.read(file)) ?? Buffer.alloc(0), list[index]?.bytes ?? Buffer.alloc(0))).toBe(0)
  return taken !== null
}

it('any archive made by a library is read back byte for byte', async () => {
  const shape = fc.record({ folder: fc.constantFrom('', 'Icons by acme/'), zip64: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(files, shape, async (list, options) => {
      expect(await expectExact(await pack(list, options), list)).toBe(true)
    }),
    { numRuns: 100 },
  )
})

it('an archive with changed bytes is refused or read unchanged, and never breaks or stalls the reader', async () => {
  const drawn = fc.tuple(files, fc.boolean(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }))
  await fc.assert(
    fc.asyncProperty(drawn, async ([list, zip64, changes]) => {
      const archive = await pack(list, { folder: '', zip64 })
      for (const [at, byte] of changes) archive[at % archive.length] = byte
      await expectExact(archive, list)
    }),
    { numRuns: 400 },
  )
})

it('any bytes after any beginning that is not the whole are refused', async () => {
  const archive = await pack([{ slug: 'a', bytes: Buffer.from('a'), compress: true, isStreamed: true }], {
    folder: '',
    zip64: true,
  })
  const begun = fc.nat(archive.length - 1)
  await fc.assert(
    fc.asyncProperty(begun, fc.uint8Array({ minLength: 1, maxLength: 200 }), async (length, more) => {
      const changed = Buffer.concat([archive.subarray(0, length), more])
      fc.pre(!changed.subarray(0, archive.length).equals(archive))
      const { problemCount } = await checkArchive(bytesSource(changed))
      expect(problemCount).toBeGreaterThan(0)
    }),
    { numRuns: 200 },
  )
})
