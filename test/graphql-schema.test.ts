import { readFileSync } from 'node:fs'
import path from 'node:path'
import {
  BreakingChangeType,
  buildSchema,
  findSchemaChanges,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { printedSchema } from '../scripts/schema.ts'

const read = (file: string) => readFileSync(path.join(import.meta.dirname, '..', file), 'utf8')
const released = buildSchema(read('test/fixtures/released.graphql'))
const accepted = read('docs/accepted-breaking-changes.txt')
  .split('\n')
  .filter((line) => line.trim() && !line.startsWith('#'))

/** Changes that clients of the older schema would notice. */
const breakingChanges = (older: GraphQLSchema, newer: GraphQLSchema): string[] =>
  findSchemaChanges(older, newer)
    .filter(({ type }) => type in BreakingChangeType)
    .map(({ description }) => description)

interface Described {
  readonly name: string
  readonly description?: string | null | undefined
  readonly args?: readonly Described[]
}

describe('schema.graphql', () => {
  it('is the schema', () => {
    expect(read('schema.graphql'), 'run npm run docs').toBe(printedSchema())
  })

  it('describes every type, field, argument, input field and value', () => {
    const described = Object.values(buildSchema(printedSchema()).getTypeMap())
      .filter(({ name }) => !name.startsWith('__'))
      .flatMap((type) => {
        const fields: Described[] =
          isObjectType(type) || isInterfaceType(type) || isInputObjectType(type) ? Object.values(type.getFields()) : []
        const values = isEnumType(type) ? type.getValues() : []
        return [
          [type.name, type.description] as const,
          ...[...fields, ...values].map(({ name, description }) => [`${type.name}.${name}`, description] as const),
          ...fields.flatMap((field) =>
            (field.args ?? []).map(
              ({ name, description }) => [`${type.name}.${field.name}(${name})`, description] as const,
            ),
          ),
        ]
      })
    expect(described.filter(([, description]) => !description?.trim()).map(([name]) => name)).toEqual([])
    expect(described.length).toBeGreaterThan(300)
  })

  it('offers the one-field input type wherever a scope is given', () => {
    const types = Object.values(buildSchema(printedSchema()).getTypeMap())
    const inputs = types.flatMap<readonly { name: string; type: unknown }[]>((type) => {
      if (isInputObjectType(type)) return [Object.values(type.getFields())]
      return isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()).map(({ args }) => args) : []
    })
    const scoped = inputs.filter((list) => list.some(({ type }) => String(type) === 'ScopeInput'))
    expect(scoped.length).toBeGreaterThan(4)
    for (const list of scoped) expect(list.map(({ name, type }) => `${name}: ${type}`)).toContain('in: Scope')
  })

  it('has no breaking change since the last release, except those in docs/accepted-breaking-changes.txt', () => {
    const found = breakingChanges(released, buildSchema(printedSchema()))
    expect(found.sort()).toEqual(accepted.sort())
  })

  it.each<[string, string, string, RegExp]>([
    ['a field that is gone', 'url: String!', 'link: String!', /Image\.url was removed/],
    ['a value that is gone', 'AVIF', 'JXL', /F\.AVIF was removed/],
    ['a field that may be null', 'url: String!', 'url: String', /Image\.url changed type from String! to String/],
    ['an argument that is needed', 'preset: String', 'preset: String!', /preset/],
  ])('is broken by %s', (_what, text, replacement, sentence) => {
    const sdl = 'type Query { image(preset: String): Image } type Image { url: String! format: F } enum F { WEBP AVIF }'
    const breaking = breakingChanges(buildSchema(sdl), buildSchema(sdl.replace(text, replacement)))
    expect(breaking).toEqual([expect.stringMatching(sentence)])
    expect(breakingChanges(buildSchema(sdl), buildSchema(sdl.replace('WEBP', 'WEBP PNG')))).toEqual([])
  })
})
