import type { GraphQLResolveInfo } from 'graphql'
import type { FieldPlan, Shape } from './field-plans.ts'

type Path = GraphQLResolveInfo['path']

/** Where a value belongs in the response: a link of the path that resolvers see. */
export interface Position extends Path {
  readonly plan: FieldPlan
  readonly shape: Shape
  /** The position that contains it. */
  readonly owner: Position | Root
  /** The object or list in it. */
  value: Container | null
  /** Whether it became null because of an error. */
  isNull: boolean
}
export type Container = Record<string | number, unknown>
export type Root = Pick<Position, 'value' | 'isNull'> & { readonly owner: null; readonly prev: undefined }

/** What all resolvers of a request see. */
export type Run = Pick<GraphQLResolveInfo, 'schema' | 'rootValue' | 'operation' | 'variableValues' | 'fragments'>

/** What a resolver sees. Most look at none of it, and a page has hundreds: it is two references, and not a dozen. */
export class Info implements GraphQLResolveInfo {
  readonly path: Position
  readonly #run: Run
  constructor(path: Position, run: Run) {
    this.path = path
    this.#run = run
  }
  get fieldName() {
    return this.path.plan.field.name
  }
  get fieldNodes() {
    return this.path.plan.nodes
  }
  get returnType() {
    return this.path.plan.field.type
  }
  get parentType() {
    return this.path.plan.parentType
  }
  get schema() {
    return this.#run.schema
  }
  get fragments() {
    return this.#run.fragments
  }
  get rootValue() {
    return this.#run.rootValue
  }
  get operation() {
    return this.#run.operation
  }
  get variableValues() {
    return this.#run.variableValues
  }
  get getAbortSignal() {
    return getAbortSignal
  }
  get getAsyncHelpers() {
    return getAsyncHelpers
  }
}

const getAbortSignal = () => undefined
/** Nothing in the schema starts work that outlives its request. */
const HELPERS = { promiseAll: <T>(values: readonly (T | PromiseLike<T>)[]) => Promise.all(values), track: () => {} }
const getAsyncHelpers = () => HELPERS
