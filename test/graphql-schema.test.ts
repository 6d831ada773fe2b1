import { readFileSync } from 'node:fs'
import path from 'node:path'
import { BreakingChangeType, buildSchema, findSchemaChanges, type GraphQLSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { printedSchema } from '../scripts/schema.ts'

const read = (file: string) => readFileSync(path.join(import.meta.dirname, '..', file), 'utf8')
const released = buildSchema(read('test/fixtures/released.graphql'))
const accepted = read('docs/accepted-breaking-changes.txt')
  .split('\n')
  .filter((line) => line.trim() && !line.startsWith('#'))

/** What clients of the older schema would notice. */
const breakingChanges = (older: GraphQLSchema, newer: GraphQLSchema): string[] =>
  findSchemaChanges(older, newer)
    .filter(({ type }) => type in BreakingChangeType)
    .map(({ description }) => description)

describe('schema.graphql', () => {
  it('is the schema', () => {
    expect(read('schema.graphql'), 'run npm run docs').toBe(printedSchema())
  })

  it('breaks nothing since the last release but what docs/accepted-breaking-changes.txt names', () => {
    const found = breakingChanges(released, buildSchema(printedSchema()))
    expect(found.sort()).toEqual(accepted.sort())
  })

  it.each<[string, RegExp, string, RegExp]>([
    ['a field that is gone', /thumbHash:/, 'hash:', /Placeholder\.thumbHash was removed/],
    ['a value that is gone', /AVIF\n/, 'JXL\n', /ImageFormat\.AVIF was removed/],
    ['a field that may be null', /width: Int!/, 'width: Int', /width changed type from Int! to Int/],
    [
      'an argument that is needed',
      /planBackfill\(input: BackfillInput\)/,
      'planBackfill(input: BackfillInput!)',
      /input/,
    ],
  ])('is broken by %s', (_what, text, replacement, sentence) => {
    const newer = printedSchema().replace(text, replacement)
    expect(newer).not.toBe(printedSchema())
    expect(breakingChanges(buildSchema(printedSchema()), buildSchema(newer)).join()).toMatch(sentence)
  })
})
