import { type ItemKind, isSlug, nameOf, uniqueIdOf } from '../core/variant.ts'
import { VISIBILITIES, type Visibility } from '../core/visibility.ts'
import { parseManifest } from './manifest-json.ts'
import { checkSchema, fieldsOf } from './manifest-schema.ts'
import { isSvgPath, toPath } from './names.ts'
import { openProblems, type Problem, type Problems, show } from './problems.ts'

/** One set of a manifest with all defaults applied, as it goes into the catalogue. */
export interface ManifestSet {
  /** Its position in the manifest. */
  readonly pointer: string
  readonly vendor: string
  readonly family: { readonly uniqueId: string; readonly name: string }
  /** Of the family and of the set; null: as it was. */
  readonly visibility: { readonly family: Visibility | null; readonly iconSet: Visibility | null }
  /** The licence under which the family's pictures may be used; null if the manifest does not state it. */
  readonly terms: ManifestTerms
  readonly iconSet: { readonly uniqueId: string; readonly name: string; readonly kind: ItemKind }
  readonly files: readonly {
    /** Name in the archive, as passed to CheckedArchive.read. */
    readonly file: string
    readonly slug: string
    readonly title: string
    readonly tags: readonly string[]
    readonly alt: string | null
    /** Other names that searches find it by. */
    readonly aliases: readonly string[]
    /** Null: as it was. */
    readonly visibility: Visibility | null
  }[]
  /** Slugs of the items to remove. */
  readonly removed: readonly string[]
}

export interface ManifestTerms {
  readonly licenseTitle: string | null
  readonly licenseSpdx: string | null
  readonly licenseUrl: string | null
  readonly attribution: string | null
  readonly author: string | null
}

/** The readable part of a manifest. */
export interface ManifestReading {
  /** Null if there is a problem: then there are no sets either. */
  readonly vendor: string | null
  readonly sets: readonly ManifestSet[]
  /** Every file that it names, by its name in the archive, even if there are problems. */
  readonly named: ReadonlyMap<string, ManifestLocation>
  /** False if a part of it cannot be read, so that it may name more files. */
  readonly isComplete: boolean
}

/** A file's position in a manifest. Compact: pointers for 100,000 files would be megabytes, and hardly any is ever reported. */
export interface ManifestLocation {
  /** The set's pointer. */
  readonly pointer: string
  readonly index: number
}

export const pointerOf = ({ pointer, index }: ManifestLocation): string => `${pointer}/files/${index}`

/** Its name, at the top level of the archive. */
export const MANIFEST = 'manifest.json'
const UNREAD: ManifestReading = { vendor: null, sets: [], named: new Map(), isComplete: false }

/** Finds the problems of a manifest by itself, without the files that it names. Pure. */
export function validateManifest(text: string): Problems {
  const problems = openProblems()
  readManifest(Buffer.from(text), { folder: '', problems })
  return problems
}

/**
 * Reads a manifest; adds problems, each with its JSON pointer. A family or set without a unique id gets one derived from its names, so
 * the same manifest always means the same families and sets.
 * @param at.folder its folder in the archive, with a trailing slash
 */
export function readManifest(bytes: Uint8Array, at: { folder: string; problems: Problems }): ManifestReading {
  const { folder, problems } = at
  const file = folder + MANIFEST
  const before = problems.count()
  const document = parseManifest(bytes, { file, problems })
  if (document === undefined) return UNREAD
  checkSchema(document, { file, problems })
  const { sets, named } = readSets(document, { folder, add: (problem) => problems.add({ ...problem, file }) })
  const isComplete = isReadable(document)
  if (problems.count() > before) return { ...UNREAD, named, isComplete }
  return { vendor: textOf(fieldsOf(document).vendor), sets, named, isComplete }
}

/** Whether everything that may name a file has the right type. */
const isReadable = (document: unknown): boolean =>
  isEach(listIn(document, 'families'), (family) =>
    isEach(listIn(family, 'sets'), (set) => {
      const isWithout = fieldsOf(set).files === undefined
      return isWithout || isEach(listIn(set, 'files'), (file) => isSvgPath(textOf(fieldsOf(file).file)))
    }),
  )

const isEach = (list: readonly unknown[] | null, is: (element: unknown) => boolean): boolean => list?.every(is) ?? false

type Add = (problem: Omit<Problem, 'file'>) => void

/** The sets of an arbitrary document: what does not match the schema has been reported and is skipped. */
function readSets(document: unknown, { folder, add }: { folder: string; add: Add }) {
  const vendor = textOf(fieldsOf(document).vendor)
  const sets: ManifestSet[] = []
  const named = new Map<string, ManifestLocation>()
  const seen = new Map<string, string>()
  const expectOnce = (uniqueId: string, at: { code: 'DUPLICATE_FAMILY' | 'DUPLICATE_SET'; pointer: string }) => {
    const first = seen.get(at.code + uniqueId)
    if (first === undefined) seen.set(at.code + uniqueId, at.pointer)
    else add({ ...at, message: `This repeats ${first} (${uniqueId}): merge them.` })
  }
  for (const [family, familyPointer] of elementsOf(listIn(document, 'families'), '/families')) {
    const familyName = nameIn(family)
    const familyId = textOf(family.uniqueId) || idOf(familyName, ['family', vendor])
    if (familyName) expectOnce(familyId, { code: 'DUPLICATE_FAMILY', pointer: familyPointer })
    for (const [set, pointer] of elementsOf(listIn(family, 'sets'), `${familyPointer}/sets`)) {
      const [name, kind] = [nameIn(set), set.kind === 'illustration' ? 'ILLUSTRATION' : 'ICON'] as const
      const uniqueId = textOf(set.uniqueId) || idOf(name, ['set', familyId, kind])
      if (name) expectOnce(uniqueId, { code: 'DUPLICATE_SET', pointer })
      const { files, slugs } = readFiles(set, { pointer, folder, named, add })
      sets.push({
        pointer,
        vendor,
        family: { uniqueId: familyId, name: familyName },
        visibility: { family: visibilityIn(family), iconSet: visibilityIn(set) },
        terms: readTerms(family),
        iconSet: { uniqueId, name, kind },
        files,
        removed: readRemoved(set, { pointer, slugs, add }),
      })
    }
  }
  return { sets, named }
}

interface InSet {
  readonly pointer: string
  readonly add: Add
}

function readFiles(
  set: Fields,
  { pointer, folder, named, add }: InSet & { folder: string; named: Map<string, ManifestLocation> },
): { files: ManifestSet['files']; slugs: ReadonlyMap<string, ManifestLocation> } {
  const files: ManifestSet['files'][number][] = []
  const slugs = new Map<string, ManifestLocation>()
  for (const [index, element] of (listIn(set, 'files') ?? []).entries()) {
    const fields = fieldsOf(element)
    const location = { pointer, index }
    const path = toPath(textOf(fields.file))
    if (!path) continue
    const file = folder + path
    const first = named.get(file)
    if (!first) named.set(file, location)
    else {
      const message = `${show(path)} is already listed at ${pointerOf(first)}/file: remove one of them.`
      add({ code: 'DUPLICATE_FILE', pointer: `${pointerOf(location)}/file`, message })
    }
    const stated = textOf(fields.slug)
    const slug = stated || slugOf(path)
    if (!stated && !isSlug(slug)) {
      const message = `${show(slug)} cannot be a slug, which is ${SLUG_RULE}: rename the file or add "slug".`
      add({ code: 'BAD_SLUG', pointer: `${pointerOf(location)}/file`, message })
    }
    const other = slugs.get(slug)
    if (!other) slugs.set(slug, location)
    else {
      const message = `The slug ${show(slug)} is already used by ${pointerOf(other)}: add another "slug".`
      add({ code: 'DUPLICATE_SLUG', pointer: pointerOf(location), message })
    }
    files.push({
      file,
      slug,
      title: tidy(textOf(fields.title)) || nameOf(slug),
      tags: textsIn(fields, 'tags'),
      alt: tidy(textOf(fields.alt)) || null,
      aliases: textsIn(fields, 'aliases'),
      visibility: visibilityIn(fields),
    })
  }
  return { files, slugs }
}

const textsIn = (fields: Fields, property: string): string[] => [
  ...new Set((listIn(fields, property) ?? []).map((text) => tidy(textOf(text)))),
]

function readTerms(family: Fields): ManifestTerms {
  const license = fieldsOf(family.license)
  const text = (value: unknown) => tidy(textOf(value)) || null
  return {
    licenseTitle: text(license.title),
    licenseSpdx: text(license.spdx),
    licenseUrl: text(license.url),
    attribution: text(family.attribution),
    author: text(family.author),
  }
}

function readRemoved(
  set: Fields,
  { pointer, slugs, add }: InSet & { slugs: ReadonlyMap<string, ManifestLocation> },
): string[] {
  const removed = new Set<string>()
  const list = listIn(set, 'removed') ?? []
  for (const [index, value] of list.entries()) {
    const slug = textOf(value)
    const kept = slugs.get(slug)
    if (kept) {
      const message = `${show(slug)} is also the slug of ${pointerOf(kept)}: remove one of them.`
      add({ code: 'REMOVED_AND_KEPT', pointer: `${pointer}/removed/${index}`, message })
    }
    removed.add(slug)
  }
  if (list.length === 0 && !listIn(set, 'files')?.length) {
    const message = 'This set has neither "files" nor "removed": add one of them, or remove the set.'
    add({ code: 'EMPTY_SET', pointer, message })
  }
  return [...removed]
}

type Fields = Readonly<Record<string, unknown>>

function listIn(value: unknown, property: string): readonly unknown[] | null {
  const list = fieldsOf(value)[property]
  return Array.isArray(list) ? list : null
}

function* elementsOf(list: readonly unknown[] | null, pointer: string): Iterable<[Fields, string]> {
  for (const [index, element] of (list ?? []).entries()) yield [fieldsOf(element), `${pointer}/${index}`]
}

const visibilityIn = ({ visibility }: Fields): Visibility | null =>
  VISIBILITIES.find((each) => each.toLowerCase() === visibility) ?? null

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const tidy = (text: string): string => text.normalize('NFC').trim()
const nameIn = ({ name }: Fields): string => tidy(textOf(name))

/** Derives an id from a name and what it is unique in. Null without a name, which was reported already: hashing is expensive. */
const idOf = (name: string, within: readonly string[]): string => name && uniqueIdOf(JSON.stringify([...within, name]))

const SLUG_RULE = '1 to 128 of A-Z, a-z, 0-9, _ and -, beginning with a letter or digit'

/** `icons/arrow-left.svg` -> `arrow-left`. */
const slugOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.svgz?$/i, '')
