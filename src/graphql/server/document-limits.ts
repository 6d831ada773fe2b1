import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode, visit } from 'graphql'
import { AppError } from '../../core/errors.ts'

/** Limits of a document, checked before it is validated: some rules of validation take quadratic time, or worse. */
export const DOCUMENT_LIMITS = {
  /** The sample query has 60, GraphiQL's introspection 350. */
  tokens: 2000,
  operations: 10,
  fragments: 100,
  aliases: 200,
  directives: 50,
  variables: 100,
  /** Deep enough for chains of node > edges > node through the catalogue and for GraphiQL's introspection. */
  depth: 15,
  /** Fields of an operation, where fragments count each time they are spread. */
  fields: 400,
  /** Of selections, where fragments count too, and of values. */
  selections: 50,
  values: 20,
} as const

type Limit = keyof typeof DOCUMENT_LIMITS

/** Throws BAD_INPUT for a document that exceeds a limit, or whose fragments form a cycle. Takes linear time. */
export function checkDocument(document: DocumentNode): void {
  const counts = { operations: 0, fragments: 0, aliases: 0, directives: 0, variables: 0 }
  let [values, nested] = [0, 0]
  const value = {
    enter() {
      nested++
      values = Math.max(values, nested)
    },
    leave() {
      nested--
    },
  }
  visit(document, {
    ListValue: value,
    ObjectValue: value,
    OperationDefinition: () => void counts.operations++,
    FragmentDefinition: () => void counts.fragments++,
    Field: ({ alias }) => void (alias && counts.aliases++),
    Directive: () => void counts.directives++,
    VariableDefinition: () => void counts.variables++,
  })
  for (const [name, count] of Object.entries(counts)) check(name as Limit, count)
  check('values', values)
  const measure = createMeasure(fragmentsOf(document))
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue
    const { depth, fields, selections } = measure(definition.selectionSet)
    check('depth', depth)
    check('fields', fields)
    check('selections', selections)
  }
}

/** The fragments of a document by name. */
export const fragmentsOf = ({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [])))

interface Size {
  readonly depth: number
  readonly fields: number
  readonly selections: number
}

const EMPTY: Size = { depth: 0, fields: 0, selections: 0 }

/** Each fragment is measured once: nested spreads would otherwise multiply the visits exponentially. */
function createMeasure(fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
  const known = new Map<string, Size | null>()

  return function measure(selected: SelectionSetNode): Size {
    let [depth, fields, selections] = [0, 0, 0]
    for (const node of selected.selections) {
      const inner =
        node.kind === Kind.FRAGMENT_SPREAD
          ? measureFragment(node.name.value)
          : node.selectionSet
            ? measure(node.selectionSet)
            : EMPTY
      const own = node.kind === Kind.FIELD ? 1 : 0
      depth = Math.max(depth, inner.depth + own)
      fields += inner.fields + own
      selections = Math.max(selections, inner.selections)
    }
    return { depth, fields, selections: selections + 1 }

    function measureFragment(name: string): Size {
      const before = known.get(name)
      if (before === null)
        throw new AppError('BAD_INPUT', `Fragment ${JSON.stringify(name)} contains itself: remove one of the spreads.`)
      if (before) return before
      const fragment = fragments.get(name)
      // Validation reports it.
      if (!fragment) return EMPTY
      known.set(name, null)
      const size = measure(fragment.selectionSet)
      known.set(name, size)
      return size
    }
  }
}

function check(limit: Limit, count: number): void {
  const max = DOCUMENT_LIMITS[limit]
  if (count <= max) return
  const amount = count > 1e15 ? 'countless' : count
  const isNested = limit === 'selections' || limit === 'values'
  const what = limit === 'depth' ? `is ${count} fields deep` : `has ${amount} ${isNested ? 'nested ' : ''}${limit}`
  throw new AppError('BAD_INPUT', `The query ${what}; at most ${max} are allowed: request less at once.`)
}

/** Throws BAD_INPUT for too many variables, or values that are nested too deep. Safe for any depth. */
export function checkVariables(variables: unknown): void {
  check('variables', Object.keys(variables ?? {}).length)
  let level = [variables]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DOCUMENT_LIMITS.values)
      throw new AppError(
        'BAD_INPUT',
        `The variables are nested more than ${DOCUMENT_LIMITS.values} deep: flatten them.`,
      )
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
  }
}
