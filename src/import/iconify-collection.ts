import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../core/errors.ts'
import { uniqueIdOf } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { fetchAll, query } from '../db/query.ts'
import { isThere, readIconifySet, vendorOfAuthor } from './iconify.ts'
import type { Entry, Refusal } from './import-items.ts'

/** True for a directory with all of Iconify, the package `@iconify/json`. */
export const isIconifyCollection = (directory: string): Promise<boolean> =>
  isThere(path.join(directory, 'collections.json'))

/**
 * Every icon of every set of `@iconify/json`, set by set, in the order of their names, including hidden ones. A set that cannot be read
 * is refused, and the rest is imported.
 */
export async function* readIconifyCollection(pg: Pg, directory: string): AsyncIterable<Entry | Refusal> {
  const folder = path.join(directory, 'json')
  const vendorOf = await createVendorNames(pg)
  const names = await readdir(folder).catch((error) => {
    throw new AppError('BAD_INPUT', `Cannot read the directory ${folder}: ${error.message}`, { cause: error })
  })
  for (const name of names.filter((file) => file.endsWith('.json')).sort()) {
    try {
      yield* readIconifySet(path.join(folder, name), { hidden: true, vendorOf })
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      yield { from: name, reason: `${error.code}: ${error.message}` }
    }
  }
}

/** An author keeps its username from the catalogue; if a username is taken, the author gets a longer one. */
async function createVendorNames(pg: Pg): Promise<(author: string) => Entry['vendor']> {
  const rows = await fetchAll(pg, query.selectFrom('vendor').select(['username', 'name']))
  const nameOf = new Map(rows.map(({ username, name }) => [username, name]))
  return (author) => {
    const { username } = vendorOfAuthor(author)
    const owner = nameOf.get(username)
    const isFree = owner === undefined || isSameName(owner, author)
    const own = isFree ? username : `${username.slice(0, 51)}-${uniqueIdOf(author).toLowerCase()}`
    nameOf.set(own, author)
    return { username: own, name: author }
  }
}

const isSameName = (a: string, b: string): boolean => fold(a) === fold(b)
const fold = (name: string): string => name.normalize('NFKC').trim().toLowerCase()
