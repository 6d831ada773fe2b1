import {
  defaultTypeResolver,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLLeafType,
  type GraphQLObjectType,
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  isObjectType,
  locatedError,
  OperationTypeNode,
  responsePathAsArray,
} from 'graphql'
import { collectErrors } from './collect-errors.ts'
import { type Arguments, type FieldPlan, planOperation, type Shape } from './field-plans.ts'
import { type Container, Info, type Position, type Root, type Run } from './resolve-info.ts'

/** Objects whose fields may have any name, even `__proto__`: for V8, Object.create(null) would make them dictionaries. */
const Fields = function Fields() {} as unknown as new () => Container
Fields.prototype = Object.create(null)

/**
 * Executes a valid query as the GraphQL specification says; null for a mutation or subscription. A page resolves the same fields for each
 * of its rows, so everything that rows and requests have in common is looked up once per document (field-plans.ts). Values are put into the
 * response as they arrive: a promised field takes one promise, and the objects around it none.
 *
 * The schema has no isTypeOf, promised types or async iterables, and no directives @defer and @stream: these are not supported.
 */
export function executeQuery(given: ExecutionArgs): ExecutionResult | Promise<ExecutionResult> | null {
  const { schema, document, rootValue, contextValue } = given
  const node = getOperationAST(document, given.operationName)
  if (node?.operation !== OperationTypeNode.QUERY) return null
  const { variableValues: variables, errors: invalid } = getVariableValues(
    schema,
    node.variableDefinitions ?? [],
    given.variableValues ?? {},
    { maxErrors: 50 },
  )
  if (invalid) return { errors: invalid }
  const { operation, fields } = planOperation(schema, { document, node, variables })
  const errors = collectErrors()
  /** Of fields whose arguments depend on variables. */
  const argsOf = new Map<FieldPlan, Arguments>()
  let waiting = 0
  const answered = Promise.withResolvers<ExecutionResult>()

  const run: Run = { schema, rootValue, operation: node, variableValues: variables, fragments: operation.fragments }
  const root: Root = { owner: null, prev: undefined, value: new Fields(), isNull: false }
  fillObject(root, fields, rootValue)
  return waiting === 0 ? result() : answered.promise

  function result(): ExecutionResult {
    const data = root.isNull ? null : root.value
    const all = errors.all()
    return all.length > 0 ? { errors: all, data } : { data }
  }

  function fillObject(owner: Position | Root, plans: readonly FieldPlan[], source: unknown): void {
    for (const plan of plans) {
      // An error of a field that must not be null has made the whole object null.
      if (owner.isNull) return
      const { key, shape, parentType } = plan
      const position: Position = {
        prev: owner.owner === null ? undefined : owner,
        key,
        typename: parentType.name,
        plan,
        shape,
        owner,
        value: null,
        isNull: false,
      }
      try {
        const args = plan.args ?? argumentsOf(plan)
        fill(position, plan.resolve(source, args, contextValue, new Info(position, run)))
      } catch (error) {
        fail(position, error)
      }
    }
  }

  function argumentsOf(plan: FieldPlan): Arguments {
    const known = argsOf.get(plan)
    if (known) return known
    const args = getArgumentValues(plan.field, plan.nodes[0] as (typeof plan.nodes)[number], variables)
    argsOf.set(plan, args)
    return args
  }

  /** Puts a value into its position, now or when it arrives. */
  function fill(position: Position, value: unknown): void {
    if (!isPromise(value)) {
      put(position, complete(position, position.shape, value))
      return
    }
    // Keeps the order of the fields.
    put(position, null)
    waiting++
    value.then(
      (arrived) => {
        try {
          fill(position, arrived)
        } catch (error) {
          fail(position, error)
        }
        arrive()
      },
      (error) => {
        fail(position, error)
        arrive()
      },
    )
  }

  function arrive(): void {
    waiting--
    if (waiting === 0) answered.resolve(result())
  }

  function put({ owner, key, isNull }: Position, value: unknown): void {
    if (!isNull) (owner.value as Container)[key] = value
  }

  /** The value in the response; the fields in it that are promises follow. */
  function complete(position: Position, shape: Shape, value: unknown): unknown {
    if (value instanceof Error) throw value
    if (value === null || value === undefined) {
      if (shape.isNullable) return null
      const { parentType, field } = position.plan
      throw new Error(`Cannot return null for non-nullable field ${parentType.name}.${field.name}.`)
    }
    switch (shape.kind) {
      case 'LEAF':
        return leafOf(shape.type, value)
      case 'LIST':
        return fillList(position, shape.item, value)
      default: {
        const type = shape.kind === 'OBJECT' ? shape.type : typeOf(position, shape.type, value)
        position.value = new Fields()
        fillObject(position, shape.fieldsOf(type), value)
        return position.value
      }
    }
  }

  function fillList(owner: Position, shape: Shape, list: unknown): unknown {
    if (typeof list !== 'object' || !list || !(Symbol.iterator in list))
      throw new Error(`${owner.plan.parentType.name}.${owner.plan.field.name} is not a list.`)
    const items: unknown[] = []
    owner.value = items as unknown as Container
    for (const item of list as Iterable<unknown>) {
      if (owner.isNull) break
      const { plan } = owner
      const position = {
        prev: owner,
        key: items.length,
        typename: undefined,
        plan,
        shape,
        owner,
        value: null,
        isNull: false,
      }
      items.push(null)
      try {
        fill(position, item)
      } catch (error) {
        fail(position, error)
      }
    }
    return items
  }

  function typeOf(position: Position, type: GraphQLAbstractType, value: unknown): GraphQLObjectType {
    const resolveType = type.resolveType ?? defaultTypeResolver
    const name = resolveType(value, contextValue, new Info(position, run), type)
    const found = typeof name === 'string' ? schema.getType(name) : undefined
    if (isObjectType(found) && schema.isSubType(type, found)) return found
    throw new Error(`${position.plan.parentType.name}.${position.plan.field.name} has a value that is no ${type.name}.`)
  }

  /** Reports an error, and makes null the innermost position around it that may be null. */
  function fail(position: Position, error: unknown): void {
    for (let at: Position | Root | null = position; at; at = at.owner) if (at.isNull) return
    errors.add(() => locatedError(error, position.plan.nodes, responsePathAsArray(position)))
    let at: Position | Root = position
    while (at.owner && !at.shape.isNullable) {
      at.isNull = true
      at = at.owner
    }
    at.isNull = true
    if (at.owner) (at.owner.value as Container)[at.key] = null
  }
}

function leafOf(type: GraphQLLeafType, value: unknown): unknown {
  let output: unknown
  try {
    output = type.coerceOutputValue(value)
  } catch (error) {
    // A GraphQLError without a cause would count as the client's.
    throw error instanceof GraphQLError ? new Error(error.message, { cause: error }) : error
  }
  if (output === null || output === undefined) throw new Error(`A value of ${type.name} has no representation.`)
  return output
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
