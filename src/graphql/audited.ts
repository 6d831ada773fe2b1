import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import { toAppError } from '../core/errors.ts'
import { printGlobalId } from '../core/global-id.ts'
import { runChange } from '../db/change.ts'
import { storeTombstonesOf } from '../recovery/tombstones.ts'
import { inSpan } from '../telemetry/tracing.ts'
import type { Context } from './context.ts'

const NAME = 'audited' as const
export default NAME

type Resolver = GraphQLFieldResolver<unknown, object, object>

/**
 * Writes every mutation into the audit log: in its own transaction when it is done, and also when it is refused or fails. What must outlive
 * the database is stored with the originals before the mutation is acknowledged.
 */
class AuditedPlugin extends BasePlugin<SchemaTypes> {
  override wrapResolve(resolver: Resolver, { parentType, name }: PothosOutputFieldConfig<SchemaTypes>): Resolver {
    if (parentType !== 'Mutation') return resolver
    return async (root, args, context, info) => {
      const { app, caller, requestId } = context as Context
      const { audit } = app.access
      const record = { caller, action: name, requestId }
      const given = targetOf(args as Readonly<Record<string, unknown>>)
      let result: unknown
      try {
        result = await runChange(
          app.pg,
          { target: given, record: (db, target) => audit.write(db, { ...record, target, outcome: 'DONE' }) },
          // Its jobs are its children in a trace.
          () => inSpan(name, async () => await resolver(root, args, context, info)),
        )
      } catch (error) {
        audit.refuse({ ...record, target: given, outcome: toAppError(error).code })
        throw error
      }
      // Nothing is acknowledged that a loss of the database would undo.
      await storeTombstonesOf(app)
      return result
    }
  }
}

/** The arguments that name what a mutation concerns, the first that is given; webhooks' URLs are secrets and are not among them. */
const NAMING = ['id', 'family', 'webhook', 'vendor', 'name'] as const

function targetOf(args: Readonly<Record<string, unknown>>): string | null {
  const name = NAMING.find((each) => args[each] !== null && args[each] !== undefined)
  const value = name && args[name]
  if (typeof value === 'string') return value
  const { typename, id } = (value ?? {}) as { typename?: string; id?: string }
  return typename && id ? printGlobalId(typename, id) : null
}

declare global {
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      [NAME]: AuditedPlugin & { readonly types?: Types }
    }
  }
}

SchemaBuilder.registerPlugin(NAME, AuditedPlugin as never)
