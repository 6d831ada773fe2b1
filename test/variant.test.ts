import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  IMAGE_FORMATS,
  ITEM_KINDS,
  isCompositeKey,
  parseCompositeKey,
  parseOriginalKey,
  parseSourceKey,
  parseUploadKey,
  parseVariantKey,
  printCompositeKey,
  printOriginalKey,
  printSourceKey,
  printUploadKey,
  printVariantKey,
} from '../src/core/variant.ts'
import { sameVersion, versionOf } from '../src/core/version.ts'

const text = (pattern: RegExp) => fc.stringMatching(pattern)
const sourcePath = fc.record({
  vendor: text(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/),
  kind: fc.constantFrom(...ITEM_KINDS),
  family: text(/^[A-Z0-9]{12}$/),
  iconSet: text(/^[A-Z0-9]{12}$/),
  slug: text(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/),
})
const hex = text(/^[0-9a-f]{64}$/)

describe('keys', () => {
  it('of sources print and parse both ways', () => {
    fc.assert(
      fc.property(sourcePath, (path) => {
        expect(parseSourceKey(printSourceKey(path))).toEqual(path)
      }),
    )
  })

  it('of variants and aliases print and parse both ways', () => {
    const variantPath = fc
      .tuple(
        sourcePath,
        text(/^[a-z][a-z0-9]{0,31}$/),
        fc.option(text(/^[a-z2-7]{16}$/)),
        fc.constantFrom(...IMAGE_FORMATS),
      )
      .map(([source, preset, version, format]) => ({ ...source, preset, version, format }))
    fc.assert(
      fc.property(variantPath, (path) => {
        expect(parseVariantKey(printVariantKey(path))).toEqual(path)
      }),
    )
  })

  it('of originals and archives from uploads print and parse both ways, and are no other keys', () => {
    fc.assert(
      fc.property(sourcePath, hex, fc.integer({ min: 1, max: 999_999_999 }), (path, hash, id) => {
        const key = printOriginalKey(path, hash)
        expect(parseOriginalKey(key)).toEqual({ ...path, hash: hash.slice(0, 32) })
        expect([parseSourceKey(key), parseVariantKey(key), parseUploadKey(key)]).toEqual([null, null, null])
        expect(parseOriginalKey(printSourceKey(path))).toBeNull()
        expect(parseUploadKey(printUploadKey(id))).toBe(id)
        expect([parseSourceKey(printUploadKey(id)), parseOriginalKey(printUploadKey(id))]).toEqual([null, null])
      }),
    )
    for (const key of [
      'uploads/0.zip',
      'uploads/01.zip',
      'uploads/1.zip.zip',
      'uploads/../1.zip',
      'uploads/1',
      'uploads/-1.zip',
    ])
      expect(parseUploadKey(key), key).toBeNull()
  })

  it('of composites and their aliases print and parse both ways', () => {
    const path = fc.record({
      vendor: text(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/),
      family: text(/^[A-Z0-9]{12}$/),
      layout: text(/^[a-z][a-z0-9-]{0,31}$/),
      version: fc.option(text(/^[a-z2-7]{16}$/)),
      format: fc.constantFrom(...IMAGE_FORMATS),
    })
    fc.assert(
      fc.property(path, (composite) => {
        const key = printCompositeKey(composite)
        expect(parseCompositeKey(key)).toEqual(composite)
        expect([isCompositeKey(key), parseVariantKey(key), parseSourceKey(key)]).toEqual([true, null, null])
      }),
    )
  })

  it('that parse print unchanged: a key has one spelling', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), sourcePath.map(printSourceKey)),
        fc.string({ maxLength: 3 }),
        fc.nat(60),
        (key, noise, at) => {
          const damaged = key.slice(0, at) + noise + key.slice(at)
          for (const candidate of [key, damaged]) {
            const source = parseSourceKey(candidate)
            const variant = parseVariantKey(candidate)
            const composite = parseCompositeKey(candidate)
            if (source) expect(printSourceKey(source)).toBe(candidate)
            if (variant) expect(printVariantKey(variant)).toBe(candidate)
            if (composite) expect(printCompositeKey(composite)).toBe(candidate)
          }
        },
      ),
    )
  })

  const good = 'acme/icons/ABCDEFGHIJKL/ABCDEFGHIJK2/arrow-left'
  it.each([
    '',
    '/',
    `${good}.svg/`,
    `/${good}.svg`,
    `${good}.svg\n`,
    `${good}.SVG`,
    `${good}..svg`,
    `${good}%2e.svg`,
    `${good}\0.svg`,
    `../${good}.svg`,
    `acme/icons/../ABCDEFGHIJKL/ABCDEFGHIJK2/x.svg`,
    'acme/icons/abcdefghijkl/ABCDEFGHIJK2/x.svg',
    'acme/photos/ABCDEFGHIJKL/ABCDEFGHIJK2/x.svg',
    'acme\\icons\\ABCDEFGHIJKL\\ABCDEFGHIJK2\\x.svg',
    `${good}/.svg`,
    `acme/icons/ABCDEFGHIJKL/ABCDEFGHIJK2/${'x'.repeat(129)}.svg`,
    `acmé/icons/ABCDEFGHIJKL/ABCDEFGHIJK2/x.svg`,
  ])('refuse %j', (key) => {
    expect(parseSourceKey(key)).toBeNull()
    expect(parseVariantKey(key.replace('.svg', '-preview.webp'))).toBeNull()
    expect(parseCompositeKey(key.replace('icons/', 'previews/').replace('.svg', '.webp'))).toBeNull()
  })
})

describe('versions', () => {
  it('are 16 base32 characters that differ with the secret, the source and the recipe', () => {
    fc.assert(
      fc.property(hex, hex, text(/^[!-~]{1,40}$/), (source, recipe, secret) => {
        const version = versionOf(secret, source, recipe)
        expect(version).toMatch(/^[a-z2-7]{16}$/)
        expect(versionOf(secret, source, recipe)).toBe(version)
        for (const other of [
          versionOf(`${secret}x`, source, recipe),
          versionOf(secret, recipe, `${source}0`),
          versionOf(secret, source, `${recipe}0`),
        ]) {
          expect(sameVersion(version, other)).toBe(false)
        }
      }),
    )
  })

  it('are the leading 80 bits of the HMAC', () => {
    // Known answer: python3 -c "import hmac,base64;print(base64.b32encode(hmac.digest(b'secret',b'aa\nbb','sha256')[:10]).lower())"
    expect(versionOf('secret', 'aa', 'bb')).toBe('tzwc47icglluuawb')
  })
})
