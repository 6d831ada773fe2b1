import { MANIFEST } from './manifest.ts'
import { show } from './problems.ts'
import type { ZipEntry } from './zip-entry.ts'

/** The manifest at the top level, or in the one folder that contains the whole archive; else a sentence that says where it is. */
export function findManifest(files: readonly ZipEntry[]): ZipEntry | string {
  const [first] = files
  if (!first) return 'The archive has no files: pack the folder with its manifest.json.'
  const top = first.name.slice(0, first.name.indexOf('/') + 1)
  const folder = files.every(({ name }) => name.startsWith(top)) ? top : ''
  const found = files.find(({ name }) => name === MANIFEST) ?? files.find(({ name }) => name === folder + MANIFEST)
  if (found) return found
  const [nearest] = files
    .filter(({ name }) => ALIKE.test(name))
    .sort((a, b) => depthOf(a) - depthOf(b) || (a.name < b.name ? -1 : 1))
  if (!nearest)
    return 'The archive has no manifest.json at its top level: add one that matches docs/manifest.schema.json.'
  const at = nearest.name.lastIndexOf('/') + 1
  const [where, called] = [nearest.name.slice(0, at), nearest.name.slice(at)]
  if (called !== MANIFEST)
    return `The manifest is called ${show(nearest.name)}: rename it to manifest.json, and pack again.`
  return `The manifest is at ${show(nearest.name)}, not at the top level or in the one folder that holds everything: pack what is in ${show(where.slice(0, -1))}, and not the folders around it.`
}

/** A manifest in any folder, also with the ending that Windows hides. */
const ALIKE = /(?:^|\/)manifest\.json(?:\.txt)?$/i

const depthOf = ({ name }: ZipEntry): number => name.split('/').length
