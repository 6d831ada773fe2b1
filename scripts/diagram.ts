type Folders = Readonly<Record<string, readonly string[]>>

/** Everything reachable from a folder through one or more imports. */
function reachOf(folders: Folders): (folder: string) => ReadonlySet<string> {
  const known = new Map<string, ReadonlySet<string>>()
  const reach = (folder: string): ReadonlySet<string> => {
    const below = folders[folder] ?? []
    const found = known.get(folder) ?? new Set([...below, ...below.flatMap((each) => [...reach(each)])])
    known.set(folder, found)
    return found
  }
  return reach
}

/** Removes imports that a longer path implies: otherwise a diagram of thirty folders is unreadable. */
export function reduce(folders: Folders): [from: string, to: string][] {
  const reach = reachOf(folders)
  return Object.entries(folders).flatMap(([from, below]) =>
    below
      .filter((to) => !below.some((other) => other !== to && reach(other).has(to)))
      .map((to): [string, string] => [from, to]),
  )
}

/** As Mermaid, top-level folders first. An arrow is an import; folders that are reachable through others have no direct arrow. */
export function printDiagram(folders: Folders): string {
  const id = (folder: string) => folder.replaceAll(/\W/g, '_')
  const names = Object.keys(folders).reverse()
  const nodes = names.map((folder) => `  ${id(folder)}["${folder}"]`)
  const rank = (folder: string) => names.indexOf(folder)
  const arrows = reduce(folders)
    .sort(([a, b], [c, d]) => rank(a) - rank(c) || rank(b) - rank(d))
    .map(([from, to]) => `  ${id(from)} --> ${id(to)}`)
  return ['```mermaid', 'flowchart TD', ...nodes, ...arrows, '```'].join('\n')
}
