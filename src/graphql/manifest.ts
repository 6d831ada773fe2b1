import { validateManifest } from '../archive/manifest.ts'
import type { Problem, Problems } from '../archive/problems.ts'
import { builder } from './builder.ts'

/** Checking 100 kB takes up to 100 ms if every value is wrong: at most two per query. */
const CHECK_COMPLEXITY = 25_000

/** There may be a thousand, of a few fields each. */
const PROBLEMS_COMPLEXITY = { field: 1, multiplier: 500 }

const ProblemRef = builder.objectRef<Problem>('ManifestProblem').implement({
  description: 'A problem of a manifest or an archive.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'A stable name, such as DUPLICATE_SLUG.' }),
    file: t.exposeString('file', { nullable: true, description: 'Name in the archive; null for the archive itself.' }),
    pointer: t.exposeString('pointer', {
      nullable: true,
      description: 'JSON pointer (RFC 6901) to the value in the manifest; null if the problem is not in a manifest.',
    }),
    message: t.exposeString('message', { description: 'What is wrong, with which value, and what to do.' }),
  }),
})

const ManifestCheckRef = builder.objectRef<Problems>('ManifestCheck').implement({
  description: 'The problems of a manifest.',
  fields: (t) => ({
    valid: t.boolean({ description: 'Whether the manifest has no problems.', resolve: ({ count }) => count() === 0 }),
    problemCount: t.int({ description: 'The total number of problems.', resolve: ({ count }) => count() }),
    problems: t.field({
      type: [ProblemRef],
      complexity: PROBLEMS_COMPLEXITY,
      description: 'The first 1,000 problems.',
      resolve: ({ kept }) => [...kept],
    }),
  }),
})

builder.queryField('validateManifest', (t) =>
  t.field({
    type: ManifestCheckRef,
    // Vendors check theirs before they have a token.
    authScopes: { token: ['catalogue:read', 'upload:write'] },
    description:
      "Checks the manifest of a vendor's archive, without its files, against docs/manifest.schema.json and further rules. A request has at most 100 kB; `npm run ingest -- --dry-run` accepts more.",
    complexity: CHECK_COMPLEXITY,
    args: { manifest: t.arg.string({ required: true, description: 'The text of manifest.json.' }) },
    resolve: (_root, { manifest }) => validateManifest(manifest),
  }),
)
