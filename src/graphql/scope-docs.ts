import SchemaBuilder, {
  BasePlugin,
  type PothosOutputFieldConfig,
  type PothosTypeConfig,
  type SchemaTypes,
} from '@pothos/core'
import { isTokenScope, type TokenScope } from '../access/caller.ts'

const NAME = 'scopeDocs' as const
export default NAME

interface Declared {
  readonly description?: string | null | undefined
  readonly pothosOptions?: unknown
}

/**
 * Begins the description of everything that declares a scope with the scope, so that the documentation cannot differ from the check:
 * `Operators: scope backfill:write.` What can be read without a token says nothing.
 */
class ScopeDocsPlugin extends BasePlugin<SchemaTypes> {
  override onOutputFieldConfig(config: PothosOutputFieldConfig<SchemaTypes>): PothosOutputFieldConfig<SchemaTypes> {
    return describe(config)
  }
  override onTypeConfig(config: PothosTypeConfig): PothosTypeConfig {
    return describe(config)
  }
}

const describe = <Config extends Declared>(config: Config): Config => {
  const scopes = declaredScopes(config.pothosOptions)
  if (scopes.length === 0 || scopes.includes('catalogue:read')) return config
  return { ...config, description: `Operators: scope ${scopes.join(' or ')}. ${config.description ?? ''}`.trim() }
}

/** The scopes of which a field or type requires one, from its `authScopes`; empty if it declares none. */
export function declaredScopes(options: unknown): TokenScope[] {
  const { authScopes } = (options ?? {}) as { authScopes?: Readonly<Record<string, unknown>> }
  if (!authScopes) return []
  return [authScopes.token ?? authScopes.operator].flat().map(String).filter(isTokenScope)
}

declare global {
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      [NAME]: ScopeDocsPlugin & { readonly types?: Types }
    }
  }
}

SchemaBuilder.registerPlugin(NAME, ScopeDocsPlugin as never)
