import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  validate,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { AppError } from '../../core/errors.ts'
import { rateLimited, rateLimitHeaders, type Spending } from '../../limits/rate-limit.ts'
import type { Context } from '../builder.ts'
import { type Cost, costOf } from '../cost.ts'
import { fragmentsOf } from './document-limits.ts'
import { toPublicValidationError } from './public-error.ts'

/** A page of 100 items with ten images each, and room to nest one page in another. */
export const COST_MAX = 60_000
/** More are of no use to a reader, and each takes time. */
const VALIDATION_ERRORS_MAX = 5

/** What the HTTP layer knows of a request. */
export interface RequestContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Whose quotas it uses. */
  readonly client: string
  /** What it has spent of them so far, for its headers. */
  readonly spent: Spending[]
}

/** Refuses operations that cost too much, and clients that have spent their points or have too many subscriptions open. */
export const limitOperations: Plugin<Context & RequestContext> = {
  onExecute: ({ args }) => spendPoints(args as ExecutionArgs & { contextValue: Context & RequestContext }),
  onSubscribe: ({ args }) => {
    const { contextValue } = args as { contextValue: Context & RequestContext }
    spendPoints(args as ExecutionArgs & { contextValue: Context & RequestContext })
    const { app, client, res } = contextValue
    const release = app.limits.subscriptions.acquire(client)
    if (res.closed) release()
    else res.once('close', release)
  },
}

function spendPoints({
  schema,
  document,
  operationName,
  variableValues,
  contextValue,
}: ExecutionArgs & { contextValue: Context & RequestContext }): void {
  const operation = getOperationAST(document, operationName)
  const cost = operation ? costOfOperation(schema, { operation, document, variables: variableValues ?? {} }) : null
  if (cost && cost.total > COST_MAX) throw tooCostly(cost)
  const { app, client, res, spent } = contextValue
  const { points } = app.limits
  const state = points.take(client, Math.max(1, cost?.total ?? 1))
  spent.push([points.policy, state])
  for (const [name, value] of Object.entries(rateLimitHeaders(spent))) res.setHeader(name, value)
  if (state.retryAfterS > 0) throw rateLimited(points.policy, state)
}

/** Of operations without variables, which always cost the same. */
const costs = new WeakMap<OperationDefinitionNode, Cost | null>()

function costOfOperation(
  schema: GraphQLSchema,
  asked: {
    readonly operation: OperationDefinitionNode
    readonly document: DocumentNode
    readonly variables: Readonly<Record<string, unknown>>
  },
): Cost | null {
  const { operation, document, variables } = asked
  const known = costs.get(operation)
  if (known !== undefined) return known
  const cost = costOf(schema, { operation, fragments: fragmentsOf(document), variables })
  if (!operation.variableDefinitions?.length) costs.set(operation, cost)
  return cost
}

function tooCostly({ total, costliest }: Cost): AppError {
  const most = costliest ? `, of which ${costliest.path.join('.')} costs ${costliest.cost}` : ''
  return new AppError(
    'BAD_INPUT',
    `The query costs ${total} points${most}; at most ${COST_MAX} are allowed: request less at once.`,
  )
}

/** Reports a few errors of a document at most, in short, and refuses introspection if it is off. */
export const limitValidation = (options: {
  readonly introspection: boolean
  readonly suggestions: boolean
}): Plugin => ({
  onValidate({ addValidationRule, setValidationFn }) {
    if (!options.introspection) addValidationRule(NoSchemaIntrospectionCustomRule)
    setValidationFn((schema: GraphQLSchema, document: DocumentNode, rules: Parameters<typeof validate>[2]) =>
      validate(schema, document, rules, { maxErrors: VALIDATION_ERRORS_MAX }),
    )
    return ({ valid, result, setResult }) => {
      if (!valid) setResult((result as readonly GraphQLError[]).map((error) => toPublicValidationError(error, options)))
    }
  },
})
