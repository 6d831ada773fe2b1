import type { ForbiddenResult } from '@pothos/plugin-scope-auth'
import type { GraphQLResolveInfo } from 'graphql'
import { AppError } from '../core/errors.ts'
import type { Context } from './context.ts'

/** Requests of which a refusal has been recorded: one entry is enough for the hundred rows of a page. */
const recorded = new WeakSet<Request>()

/** The error for a field whose scope the caller lacks. A token that is used beyond its scopes is recorded; mutations are anyway. */
export function refuseField(
  { app, caller, request, requestId }: Context,
  { fieldName, parentType }: GraphQLResolveInfo,
  failure: ForbiddenResult['failure'],
): AppError {
  const isMutation = parentType.name === 'Mutation'
  if (caller.actor !== 'anonymous' && !isMutation && !recorded.has(request)) {
    recorded.add(request)
    app.access.audit.refuse({ caller, action: fieldName, target: null, outcome: 'FORBIDDEN', requestId })
  }
  const { scope, parameter } = failureOf(failure)
  if (scope === 'operator' && caller.vendor)
    return new AppError('FORBIDDEN', `${fieldName} shows the whole installation: a vendor's token cannot use it.`)
  const named = parameter ? ` of scope ${[parameter].flat().join(' or ')}` : ' that has the required scope'
  return new AppError('FORBIDDEN', `${fieldName} needs the header "Authorization: Bearer TOKEN" with a token${named}.`)
}

/** The scope that failed, or the first of several. */
function failureOf(failure: ForbiddenResult['failure']): { scope?: string; parameter?: unknown } {
  if ('failures' in failure) return failure.failures[0] ? failureOf(failure.failures[0]) : {}
  return 'scope' in failure ? failure : {}
}
