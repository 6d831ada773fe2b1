export const SVG = 'http://www.w3.org/2000/svg'
export const XHTML = 'http://www.w3.org/1999/xhtml'
export const XLINK = 'http://www.w3.org/1999/xlink'
export const XML = 'http://www.w3.org/XML/1998/namespace'

/** Prefixes that vendors use without declaring them. */
const ASSUMED: Readonly<Record<string, string>> = { xml: XML, xlink: XLINK, svg: SVG }

export interface Namespaces {
  /** Adds the declarations of an opening element; call `leave` when it closes. */
  enter(attributes: Record<string, string>): void
  leave(): void
  /** The namespace of a prefix in scope; '' is the default one. A root without any declaration is treated as SVG. */
  readonly resolve: (prefix: string) => string | undefined
}

/** A stack of the prefixes in scope. An element without declarations, which is nearly every one, costs a push and a pop. */
export function openNamespaces(): Namespaces {
  const scopes: (ReadonlyMap<string, string> | null)[] = []
  let current: ReadonlyMap<string, string> = new Map()
  return {
    enter(attributes) {
      let next: Map<string, string> | null = null
      for (const name in attributes) {
        if (!name.startsWith('xmlns') || (name.length > 5 && name[5] !== ':')) continue
        next ??= new Map(current)
        next.set(name.slice(6), attributes[name]?.trim() ?? '')
      }
      scopes.push(next ? current : null)
      if (next) current = next
    },
    leave() {
      const outer = scopes.pop()
      if (outer) current = outer
    },
    resolve: (prefix) => current.get(prefix) ?? (Object.hasOwn(ASSUMED, prefix) ? ASSUMED[prefix] : undefined),
  }
}
