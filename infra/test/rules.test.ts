import { execFile, spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { expect, it } from 'vitest'
import { createAccessLogs } from '../access-logs.ts'
import { readOptions } from '../options.ts'
import { createStacks } from '../stack.ts'
import { ALIAS, type Context, FARGATE, openSynth } from './synth.ts'

const run = promisify(execFile)
const { directory } = openSynth()

/** Everything on. */
const ALL: Context = {
  ...FARGATE,
  ...ALIAS,
  originDomain: 'api.acme.test',
  encryption: 'kms',
  originShield: 'eu-central-1',
  replicaBucketArn: 'arn:aws:s3:::acme-originals-copy',
  webAclArn: 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/acme/4e5f',
  alarmEmail: 'ops@acme.test',
}

/** A rule of cdk-nag that a resource breaks, without a written reason. */
interface Violation {
  readonly ruleName: string
  readonly violatingConstructs: readonly { readonly constructPath: string }[]
}

it('breaks no rule of AWS Solutions without a written reason, and none of CloudFormation', async () => {
  const outdir = path.join(directory, 'rules')
  const app = new App({ outdir })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  createStacks(
    app,
    readOptions((name) => ALL[name]),
  )
  createAccessLogs(app, { distributionId: 'E2QWRUHAPOMQZL', id: 'Afterimage-access-logs' })
  // It throws where a rule is broken.
  const thrown = attempt(() => app.synth())
  const report = JSON.parse(await readFile(path.join(outdir, 'validation-report.json'), 'utf8'))
  const broken = (report.pluginReports as { violations: readonly Violation[] }[]).flatMap(({ violations }) =>
    violations.map(({ ruleName, violatingConstructs: at }) => `${ruleName}: ${at.map((one) => one.constructPath)}`),
  )
  expect([broken, thrown]).toEqual([[], null])

  const templates = (await readdir(outdir)).filter((file) => file.endsWith('.template.json'))
  expect(templates).toHaveLength(3)
  for (const file of templates) {
    // CloudFormation's limit for a template that is not in a bucket.
    expect((await readFile(path.join(outdir, file))).length, file).toBeLessThan(51_200)
  }
  if (!hasLinter) return
  // W3005: the construct repeats an order that a reference already gives.
  const files = templates.map((file) => path.join(outdir, file))
  await expect(run('cfn-lint', ['--ignore-checks', 'W3005', '--', ...files])).resolves.toMatchObject({ stdout: '' })
})

/** https://github.com/aws-cloudformation/cfn-lint, where it is installed. */
const hasLinter = spawnSync('cfn-lint', ['--version']).status === 0

function attempt(work: () => unknown): unknown {
  try {
    work()
    return null
  } catch (error) {
    return error
  }
}
